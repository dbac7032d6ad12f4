/** What must be true of every network that leaves the host, whatever happens to it: nothing is left, all is noticed. */
import { expect } from '@jest/globals'
import { eachFault } from './eachfault.ts'
import { faultyTools } from './faults.ts'
import type { Container } from './host.ts'
import { far, lan, type Site } from './hosts.ts'
import { pings } from './packets.ts'
import { failed, succeeded } from './scene.ts'
import { configOn, dual, type Open, plugIn, type Spanning } from './spanning.ts'

/** 4. ADD twice, CHECK, DEL, DEL again, GC: nothing is left; prune takes away what was shared. */
export const leavesNothing = async (open: Open, mode: Spanning) => {
  const { sites } = await lan(open)
  const [site] = sites
  const virgin = await site.remember()
  const resident = await plugIn(site, mode)
  const warm = await site.remember()
  const one = await plugIn(site, mode)
  succeeded(await site.runtime.check(one.container, one.config))
  expect(failed(await site.runtime.add(one.container, one.config)).msg).toMatch(/eth0/)
  succeeded(await site.runtime.check(one.container, one.config))
  await site.del(one.container, one.config)
  await site.del(one.container, one.config)
  expect(await interfacesIn(one.container)).not.toContain('eth0')
  await warm.expectSame(one.container)

  // A container that was killed: nobody calls DEL.
  const killed = await plugIn(site, mode)
  site.runtime.results.delete(`${killed.config.name} ${killed.container.id} eth0`)
  await site.host.remove(killed.container)
  succeeded(await site.runtime.gc(killed.config))
  await warm.expectSame(killed.container)
  succeeded(await site.runtime.check(resident.container, resident.config))

  if (!mode.bare) {
    const busy = await site.cli('prune')
    expect(busy.stdout).toContain('in use')
    await warm.expectSame()
  }
  await site.del(resident.container, resident.config)
  const pruned = await site.cli('prune')
  expect({ exitCode: pruned.exitCode, stderr: pruned.stderr }).toEqual({ exitCode: 0, stderr: '' })
  await virgin.expectSame(resident.container)
}

/** 5. Each op of ADD fails once: as before, and the host stays on its LAN. */
export const survivesEachFault = async (open: Open, mode: Spanning) => {
  const { sites } = await lan(open)
  const [site, other] = sites
  const container = await site.host.container()
  const config = configOn(site, mode)
  const faults = faultyTools(site.host.directory)
  const before = await site.remember()
  const add = () => site.runtime.add(container, config, { env: faults.env })
  /** Where what is said matches. */
  const positionsOf = async (own: RegExp) => {
    faults.none()
    succeeded(await add())
    const told = faults.told()
    await site.del(container, config)
    await site.cli('prune', '--restore-sysctls')
    await before.expectSame(container)
    return told.flatMap((line, index) => (own.test(line) ? [index + 1] : []))
  }
  const failing = await eachFault(
    faults,
    'refused',
    add,
    async ran => {
      failed(ran)
      expect(await interfacesIn(container)).not.toContain('eth0')
      await before.expectSame(container)
      if (mode.onLan) await isOnItsLan(site, other)
    },
    { positions: mode.own && (await positionsOf(mode.own)) },
  )
  await isOnItsLan(site, other)
  await site.del(container, config)
  return failing
}

/** 6. Each op of DEL fails once: it says so, and the next DEL takes away what is left, no more. */
export const isRemovedInSpiteOfFaults = async (open: Open, mode: Spanning) => {
  const [site] = (await lan(open)).sites
  const resident = await plugIn(site, mode)
  const container = await site.host.container()
  const config = configOn(site, mode)
  const faults = faultyTools(site.host.directory)
  const before = await site.remember()
  const failing = await eachFault(
    faults,
    'refused',
    async () => {
      await site.add(container, config)
      return site.runtime.del(container, config, { env: faults.env })
    },
    async ran => {
      if (ran.exitCode !== 0) {
        failed(ran)
        await site.del(container, config)
      }
      await before.expectSame(container)
    },
    { least: 2 },
  )
  expect(await interfacesIn(container)).not.toContain('eth0')
  await before.expectSame(container)
  succeeded(await site.runtime.check(resident.container, resident.config))
  return failing
}

export const isOnItsLan = async (site: Site, other: Site) => {
  const targets = dual.flatMap(family => [other[family], far[family]])
  const answers = await Promise.all(targets.map(async to => [to, await pings(site.host, to, 2)]))
  expect(answers).toEqual(targets.map(to => [to, true]))
}

/** What is done by hand: INSIDE stands for "in the container", UPLINK for what the bridge is plugged into. */
export type Breaks = Readonly<Record<string, readonly [line: string, says: RegExp]>>

/** 7. By hand, each thing is broken once: CHECK says so, and its command mends it. */
export const isNoticed = async (open: Open, mode: Spanning, breaks: Breaks) => {
  const [site] = (await lan(open)).sites
  const { container, config } = await plugIn(site, mode)
  const uplink = (await site.host.ip('link')).find(
    ({ ifalias, master }: { ifalias?: string; master?: string }) =>
      ifalias === `vethwork:${config.name}` && master,
  )?.ifname
  for (const [what, [line, says]] of Object.entries(breaks)) {
    succeeded(await site.runtime.check(container, config))
    const words = line.replace('INSIDE', `nsenter --net=${container.path}`).replace('UPLINK', uplink)
    const [tool = '', ...args] = words.split(' ')
    await site.host.ok(tool, args)
    const { msg, details } = failed(await site.runtime.check(container, config))
    expect([what, msg]).toEqual([what, expect.stringMatching(says)])
    await site.host.ok('sh', ['-ec', details])
  }
  succeeded(await site.runtime.check(container, config))
}

/** 8. An MTU that does not fit is refused with the number that does, and nothing is changed; a smaller one is set. */
export const isFitted = async (open: Open, mode: Spanning) => {
  const [site] = (await lan(open)).sites
  const container = await site.host.container()
  const before = await site.remember()
  const mtu = mode.mtu + 1
  expect(failed(await site.runtime.add(container, configOn(site, mode, false, { mtu })))).toMatchObject({
    code: 7,
    msg: expect.stringContaining(`mtu: ${mtu} does not fit`),
    details: expect.stringContaining(`set it to ${mode.mtu}`),
  })
  await before.expectSame(container)
  const { result, container: smaller } = await plugIn(site, mode, false, { mtu: 1300 })
  expect(result.interfaces.map((one: { mtu: number }) => one.mtu)).toEqual(result.interfaces.map(() => 1300))
  expect((await smaller.ip('link show dev eth0'))[0].mtu).toBe(1300)
}

/** Not `lo` alone: the kernel's GRE puts tunnels of its own into each namespace. */
const interfacesIn = async (container: Container): Promise<string[]> =>
  (await container.ip('link')).map(({ ifname }: { ifname: string }) => ifname)
