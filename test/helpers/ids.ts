/** The same container IDs in every run of a test, so that whatever is named after them is the same, too. */
import { createHash } from 'node:crypto'
import { expect } from '@jest/globals'

const given = new Map<string, number>()

/** The file and name of the running test. */
export const thisTest = (): string => {
  const { testPath = '', currentTestName = '' } = expect.getState()
  return `${testPath.replace(/^.*\/test\//, '')} › ${currentTestName}`
}

/** How often this test has asked for one of these, from 1. */
export const nth = (what: string): number => {
  const key = `${thisTest()} › ${what}`
  given.set(key, (given.get(key) ?? 0) + 1)
  return given.get(key)!
}

/** 64 hexadecimal digits, as runtimes have them. */
export const newContainerId = (): string =>
  createHash('sha256')
    .update(`${thisTest()} ${nth('container')}`)
    .digest('hex')

/** Before each try of a test: it counts from the beginning. */
export const countAnew = (): void => {
  const test = `${thisTest()} › `
  for (const key of given.keys()) if (key.startsWith(test)) given.delete(key)
}
