/** What a VTEP is told from outside (L2 population): who has which address and MAC, behind which other VTEP. */

import { CniError, codes } from '../../cni/errors.ts'
import { HOST } from '../plan/netns.ts'
import { CommandError } from './commanderror.ts'
import { networkLinks } from './evidence.ts'
import { batch, bridgeShow, ipShow } from './iproute2.ts'

export interface Entry {
  readonly ip: string
  readonly mac: string
  readonly vtep: string
}

/**
 * One transaction would be two tools: each line may be repeated, so a failure is mended by trying again.
 * With `proxy` on the device (learning: false) ARP and ND for `ip` are answered here.
 * @throws CniError(badConfig) if no VXLAN network of this name is on this host
 */
export const addEntry = async (network: string, { ip, mac, vtep }: Entry): Promise<void> => {
  const dev = await deviceOf(network)
  await lines('ip', [`neigh replace ${ip} lladdr ${mac} dev ${dev} nud permanent`])
  await lines('bridge', [
    `fdb replace ${mac} dev ${dev} dst ${vtep} self permanent`,
    // The bridge, too: it would send what is for `mac` to all its ports.
    `fdb replace ${mac} dev ${dev} master static`,
  ])
}

/** Idempotent. */
export const delEntry = async (network: string, { ip, mac, vtep }: Entry): Promise<void> => {
  const dev = await deviceOf(network)
  await lines('ip', [`neigh del ${ip} dev ${dev}`], true)
  await lines(
    'bridge',
    [`fdb del ${mac} dev ${dev} dst ${vtep} self`, `fdb del ${mac} dev ${dev} master`],
    true,
  )
}

export const listEntries = async (network: string): Promise<Entry[]> => {
  const dev = await deviceOf(network)
  const neighbours = (await ipShow(HOST, [`neigh show dev ${dev} nud permanent`])) as {
    dst: string
    lladdr?: string
  }[]
  const vteps = new Map(
    (await bridgeShow(HOST, `fdb show dev ${dev}`)).flatMap(({ mac, dst }) =>
      mac && dst ? [[mac, dst]] : [],
    ),
  )
  return neighbours.flatMap(({ dst: ip, lladdr: mac = '' }) => {
    const vtep = vteps.get(mac)
    return vtep ? [{ ip, mac, vtep }] : []
  })
}

const deviceOf = async (network: string): Promise<string> => {
  const found = (await networkLinks()).find(one => one.network === network && one.type === 'vxlan')
  if (found) return found.name
  throw new CniError(
    codes.badConfig,
    `network '${network}' has no VXLAN device on this host`,
    'it is made with the first container',
  )
}

const lines = async (tool: 'ip' | 'bridge', wanted: readonly string[], maybeGone = false) => {
  const { failures } = await batch(tool, HOST, wanted, [], maybeGone)
  for (const { index = 0, stderr } of failures) {
    const error = new CommandError(tool, wanted[index] ?? '', stderr, 'change what the VTEP knows')
    if (!(maybeGone && error.kind === 'missing')) throw error
  }
}
