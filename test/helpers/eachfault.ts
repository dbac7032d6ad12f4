import { expect } from '@jest/globals'
import type { CniRan } from './cni.ts'
import type { Faults, Kind } from './faults.ts'
import { succeeded } from './scene.ts'

/** Enough for every plan; more would be a loop without end. */
const limit = 150

/** For n = 1, 2, …: `attempt` with the n-th thing failing, then `after`, until there is no n-th. */
export const eachFault = async (
  faults: Faults,
  kind: Kind,
  attempt: (n: number) => Promise<CniRan>,
  after: (ran: CniRan) => Promise<void>,
) => {
  for (let n = 1; n <= limit; n++) {
    faults.choose(n, kind)
    const ran = await attempt(n)
    const what = faults.hit()
    faults.none()
    if (what === undefined) {
      succeeded(ran)
      // There were as many as a plan has at the least.
      expect(n).toBeGreaterThan(8)
      return
    }
    try {
      await after(ran)
    } catch (error) {
      throw new Error(`position ${n}, ${kind}: ${what}\nit said: ${ran.stdout}${ran.stderr}`, {
        cause: error,
      })
    }
  }
  throw new Error(`still failing at position ${limit}`)
}
