/** IDs out of a range: chosen by the network's name, the same on all hosts, and shown. */
import { expect } from '@jest/globals'
import { lan, type Site } from './hosts.ts'
import { pings } from './packets.ts'
import { failed } from './scene.ts'
import { configOn, type Open, plugIn, type Spanning } from './spanning.ts'

/** @param field `vni` or `vlanId`; of devices of this type, and called so in drawings */
export const isChosen = async (
  open: Open,
  mode: Spanning,
  { field, type, word }: { field: 'vni' | 'vlanId'; type: 'vxlan' | 'vlan'; word: string },
) => {
  const { sites } = await lan(open)
  const ranged: Spanning = {
    ...mode,
    fields: (site: Site) => ({ ...mode.fields(site), [field]: undefined, [`${field}Range`]: '3001-3002' }),
    other: {},
  }
  const idsOn = async ({ host }: Site) =>
    (await host.ip(`-d link show type ${type}`))
      .map(({ linkinfo }: { linkinfo: { info_data: { id: number } } }) => linkinfo.info_data.id)
      .sort()
  const [a, b] = [await plugIn(sites[0], ranged), await plugIn(sites[1], ranged)]
  const [id] = await idsOn(sites[0])
  expect([3001, 3002]).toContain(id)
  expect(await idsOn(sites[1])).toEqual([id])
  expect(await pings(a.container, b.v4)).toBe(true)
  expect((await sites[0].cli('topology')).stdout).toContain(`${word} ${id}`)

  await sites[0].del(a.container, a.config)
  await sites[0].cli('prune')
  const again = await plugIn(sites[0], ranged)
  expect(await idsOn(sites[0])).toEqual([id])
  await plugIn(sites[0], ranged, true)
  expect(await idsOn(sites[0])).toEqual([3001, 3002])
  const third = { ...configOn(sites[0], ranged), name: 'net-c' }
  expect(failed(await sites[0].runtime.add(await sites[0].host.container(), third)).msg).toMatch(
    new RegExp(`${field}Range: "3001-3002" has no free ID`),
  )
  expect(await pings(again.container, b.v4)).toBe(true)
}
