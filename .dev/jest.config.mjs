import { onceOnly } from './onedriver.mjs'

// Tests in TypeScript as they are; ES modules, for execa, lowdb and yargs are nothing else.
const shared = {
  rootDir: new URL('..', import.meta.url).pathname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
}
const project = (name, match, more = {}) => ({
  ...shared,
  ...more,
  displayName: name,
  testMatch: [`<rootDir>/test/${match}/**/*.test.ts`],
})

/** Of tests with real packets. */
export const secondTry = { setupFilesAfterEnv: ['<rootDir>/.dev/secondtry.mjs'] }

/** The netns tests by programs instead of netlink; see test/helpers/bothdrivers.ts. */
const byPrograms = {
  setupFiles: ['<rootDir>/.dev/iproute2.mjs'],
  testPathIgnorePatterns: Object.keys(onceOnly).map(name => `/test/netns/${name}\\.test\\.ts$`),
}

export default {
  rootDir: shared.rootDir,
  testSequencer: '<rootDir>/.dev/longestfirst.mjs',
  projects: [
    project('unit', '{unit,golden}'),
    project('netns', 'netns', secondTry),
    project('iproute2', 'netns', { ...secondTry, ...byPrograms }),
    project('clients', 'clients', secondTry),
    project('vm', 'vm', secondTry),
  ],
}
