import { run } from './run.ts'

/** Milliseconds in which a process that does nothing is started, and over, on the machine of the README's figures. */
const THERE = 3

/** How many times as long as there everything takes here and now, other tests beside it included; at least 1. */
export const slowness = async (): Promise<number> => {
  const took: number[] = []
  for (let n = 0; n < 9; n++) {
    const began = performance.now()
    await run('true')
    took.push(performance.now() - began)
  }
  const median = took.toSorted((a, b) => a - b)[4]!
  return Math.max(1, median / THERE)
}
