import type { Container } from './host.ts'
import { newContainerId } from './ids.ts'

/** Does `work` for all items, `limit` at a time; the results in the order of the items. */
export const atOnce = async <T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++)
      results[index] = await work(items[index]!, index)
  }
  await Promise.all(Array.from({ length: limit }, worker))
  return results
}

/** One interface of one container. */
export interface Plug {
  readonly container: Container
  readonly ifname: string
}

/** As many plugs as namespaces times `each`, every one with a container ID of its own. */
export const plugsIn = (namespaces: readonly Container[], each: number): Plug[] =>
  Array.from({ length: each }, (_, n) => `eth${n}`).flatMap(ifname =>
    namespaces.map(netns => ({ container: { ...netns, id: newContainerId() }, ifname })),
  )

/** Numbers from 0 to 1, always the same for the same seed (mulberry32). */
export const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
