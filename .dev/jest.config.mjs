// Tests in TypeScript as they are; ES modules, for execa, lowdb and yargs are nothing else.
const shared = {
  rootDir: new URL('..', import.meta.url).pathname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
}
const project = (name, match) => ({
  ...shared,
  displayName: name,
  testMatch: [`<rootDir>/test/${match}/**/*.test.ts`],
})

export default {
  rootDir: shared.rootDir,
  projects: [
    project('unit', '{unit,golden}'),
    project('netns', 'netns'),
    project('clients', 'clients'),
    project('vm', 'vm'),
  ],
}
