// As the other projects; but only this folder is searched, for the machine's file system is slow.
import { release } from 'node:os'
import base, { secondTry } from '../../.dev/jest.config.mjs'

const { displayName: _, ...shared } = base.projects[0]

export default {
  ...shared,
  ...secondTry,
  displayName: `Linux ${release()}`,
  roots: ['<rootDir>/test/vm'],
  testMatch: ['**/*.test.ts'],
  // Programs start slowly there.
  testTimeout: 60_000,
}
