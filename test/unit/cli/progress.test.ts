import { expect, test } from '@jest/globals'
import { withProgress } from '../../../src/cli/progress.ts'

const terminal = (isTTY: boolean, columns?: number) => {
  const written: string[] = []
  return { isTTY, columns, written, write: (text: string) => written.push(text) }
}

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

/** 500 ms, telling often. */
const work = async (tell: (done: number, total: number, next: string) => void) => {
  for (let n = 0; n < 50; n++) {
    tell(n, 50, `container${n}`)
    await pause(10)
  }
  return 'done'
}

test('on a terminal: one line, rewritten now and then, and gone at the end', async () => {
  const { written, ...stream } = terminal(true, 80)
  expect(await withProgress('gc', work, stream)).toBe('done')
  const [last, ...shown] = written.toReversed()
  expect(last).toBe('\r\x1b[K')
  expect(shown.length).toBeGreaterThan(0)
  expect(shown.length).toBeLessThan(10)
  for (const line of shown) {
    expect(line.slice(0, 4)).toBe('\r\x1b[K')
    expect(line.slice(4)).toMatch(/^gc: \d+ of 50, container\d+$/)
  }
})

test('it fits the terminal', async () => {
  const { written, ...stream } = terminal(true, 20)
  await withProgress('repair', work, stream)
  expect(Math.max(...written.map(line => line.length - '\r\x1b[K'.length))).toBe(19)
})

test('what is over soon shows nothing, nor does anything that is no terminal', async () => {
  const quick = terminal(true)
  await withProgress('gc', async tell => tell(0, 1, 'web1'), quick)
  expect(quick.written).toEqual([])
  const pipe = terminal(false)
  await withProgress('gc', work, pipe)
  expect(pipe.written).toEqual([])
})

test('a failure takes the line away, too', async () => {
  const { written, ...stream } = terminal(true)
  const failing = async (tell: Parameters<typeof work>[0]) => {
    await work(tell)
    throw new Error('no')
  }
  await expect(withProgress('gc', failing, stream)).rejects.toThrow('no')
  expect(written.at(-1)).toBe('\r\x1b[K')
})
