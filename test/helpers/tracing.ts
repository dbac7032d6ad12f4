/** vethwork trace across hosts: what it must say of networks that work. */
import { expect } from '@jest/globals'
import { atOnce } from './crowd.ts'
import { lan, type Site } from './hosts.ts'
import { pings } from './packets.ts'
import { dual, type Open, plugIn, type Spanning } from './spanning.ts'

/** Exit status, verdict, and all that was said. */
export const tracedFrom = async (site: Site, ...args: string[]) => {
  const { exitCode, stdout, stderr } = await site.cli('trace', ...args)
  return { exitCode, verdict: stdout.trim().split('\n').at(-1) ?? '', all: stdout + stderr }
}

/**
 * Delivered, in both families, before anybody was asked for and after; live, too.
 * @param leaves by what it must be said to leave, of each mode
 */
export const isTracedAcross = async (
  open: Open,
  modes: Readonly<Record<string, Spanning>>,
  leaves: Readonly<Record<string, RegExp>>,
) => {
  const wrongs = async ([name, mode]: readonly [string, Spanning]) => {
    const { sites } = await lan(open)
    const [a, b] = [await plugIn(sites[0], mode), await plugIn(sites[1], mode)]
    const found: string[] = []
    for (const family of dual) {
      const before = await tracedFrom(sites[0], a.container.id, b[family])
      if (before.exitCode !== 0 || !leaves[name]?.test(before.verdict)) found.push(`${name}: ${before.all}`)
      if (!(await pings(a.container, b[family]))) found.push(`${name}, ${family}: no packet passes`)
      const after = await tracedFrom(sites[0], a.container.id, b[family], '--live')
      if (after.exitCode !== 0 || !/answered after/.test(after.verdict))
        found.push(`${name}, live: ${after.all}`)
    }
    return found
  }
  expect((await atOnce(3, Object.entries(modes), wrongs)).flat()).toEqual([])
}
