import { expect } from '@jest/globals'
import type { CniRan } from './cni.ts'
import type { Faults, Kind } from './faults.ts'
import { succeeded } from './scene.ts'

/** Enough for every plan; more would be a loop without end. */
const limit = 150

interface Which {
  /** There are more than so many. */
  readonly least?: number
  /** Only these, of which there is each: from 1. */
  readonly positions?: readonly number[]
}

/**
 * For n = 1, 2, …: `attempt` with the n-th thing failing, then `after`, until there is no n-th.
 * @returns how many failed
 */
export const eachFault = async (
  faults: Faults,
  kind: Kind,
  attempt: (n: number) => Promise<CniRan>,
  after: (ran: CniRan) => Promise<void>,
  { least = 8, positions }: Which = {},
): Promise<number> => {
  for (const n of positions ?? Array.from({ length: limit }, (_, index) => index + 1)) {
    faults.choose(n, kind)
    const ran = await attempt(n)
    const what = faults.hit()
    faults.none()
    if (what === undefined) {
      expect(positions).toBeUndefined()
      succeeded(ran)
      expect(n).toBeGreaterThan(least)
      return n - 1
    }
    try {
      await after(ran)
    } catch (error) {
      throw new Error(`position ${n}, ${kind}: ${what}\nit said: ${ran.stdout}${ran.stderr}`, {
        cause: error,
      })
    }
  }
  if (!positions) throw new Error(`still failing at position ${limit}`)
  expect(positions).not.toEqual([])
  return positions.length
}
