/** The tests that every network has which leaves the host: on whatever kernel it needs. */
import { test } from '@jest/globals'
import { byPrograms } from './plugins.ts'
import type { given } from './requirements.ts'
import { isHeardOfNobodyElse, isSeenOnTheWire, type Open, reachesAcross, type Spanning } from './spanning.ts'
import { isRemovedInSpiteOfFaults, leavesNothing, survivesEachFault } from './spanning-state.ts'

/** @param patience seconds that one of them may take */
export const proveAll = (
  ready: ReturnType<typeof given>,
  open: Open,
  modes: Readonly<Record<string, Spanning>>,
  patience: number,
) => {
  for (const [name, mode] of Object.entries(modes))
    ready(name, () => {
      const proven = (what: string, proof: (open: Open, mode: Spanning) => Promise<unknown>) =>
        test(what, () => proof(open, mode), patience * 1000)
      const counted = (what: string, proof: (open: Open, mode: Spanning) => Promise<number>) =>
        proven(what, async () => {
          process.stderr.write(`${name}, ${what}: ${await proof(open, mode)} positions\n`)
        })
      proven('containers of two hosts: both ways, with packets of full size', reachesAcross)
      proven('as it looks on the wire', isSeenOnTheWire)
      if (mode.other) proven('another one with the same subnet hears nothing', isHeardOfNobodyElse)
      proven('ADD, CHECK, DEL, GC, prune: nothing is left', leavesNothing)
      // Tools that fail: by programs it would be the same once more.
      if (byPrograms) return
      counted('each op of ADD fails once', survivesEachFault)
      if (!mode.own) counted('each op of DEL fails once', isRemovedInSpiteOfFaults)
    })
}
