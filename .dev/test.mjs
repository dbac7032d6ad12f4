// All checks and all tests: node .dev/test.mjs; without those that need root and a build: node .dev/test.mjs unit
// The last line is the sum: "N passed, N failed, N skipped". Formatting, lint and types fail as a test does.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rememberMachine } from './machine.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'vethwork-test-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

const sum = { passed: 0, failed: 0, skipped: 0 }
const secondTries = []
const times = []

/** Runs one stage; it adds to the sum. */
const stage = async (name, work) => {
  console.log(`\n── ${name}`)
  const start = performance.now()
  const { passed, failed, skipped } = await work()
  sum.passed += passed
  sum.failed += failed
  sum.skipped += skipped
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  times.push(`${name} ${seconds} s${failed ? ` (${failed} failed)` : ''}`)
}

const node = args => spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })

const check =
  (...args) =>
  () => ({ passed: 0, failed: node(args).status === 0 ? 0 : 1, skipped: 0 })

// Most tests wait for other programs: one worker more than there are cores, which the virtual machine has, too.
const workers = 1 + availableParallelism()

const jest =
  (...projects) =>
  () => {
    const outputFile = join(scratch, `${projects.join()}.json`)
    const flags = ['-c', '.dev/jest.config.mjs', '--selectProjects', ...projects]
    const { status } = node([
      '--experimental-vm-modules',
      '--no-warnings',
      'node_modules/jest/bin/jest.js',
      ...flags,
      `--maxWorkers=${workers}`,
      '--testTimeout=60000', // the machine may be busy
      '--json',
      `--outputFile=${outputFile}`,
    ])
    return counts(outputFile, status)
  }

/**
 * What needs a kernel with everything, on whichever has it: begun now, for a virtual machine has one processor and the other
 * stages have the rest. What it says comes when it is waited for.
 */
const virtualMachine = () => {
  const outputFile = join(scratch, 'vm.json')
  const said = join(scratch, 'vm.txt')
  const output = openSync(said, 'w')
  // Before the others: it is the slowest of all, and its limits of time are those of a core of its own.
  const program = ['nice', '-n', '-10', process.execPath, 'test/vm/run.mjs', `--outputFile=${outputFile}`]
  const running = spawn(program[0], program.slice(1), { cwd: root, stdio: ['ignore', output, output] })
  const ended = once(running, 'exit')
  return async () => {
    const [status] = await ended
    process.stdout.write(readFileSync(said))
    return counts(outputFile, status)
  }
}

/** A file that could not even be loaded is one failure; so is jest itself. */
const counts = (outputFile, status) => {
  try {
    const said = JSON.parse(readFileSync(outputFile, 'utf8'))
    const failed = said.numFailedTests + said.numRuntimeErrorTestSuites
    const tests = said.testResults.flatMap(({ assertionResults }) => assertionResults)
    secondTries.push(...tests.filter(one => one.status === 'passed' && one.invocations > 1))
    return {
      passed: said.numPassedTests,
      failed: failed || (status === 0 ? 0 : 1),
      skipped: said.numPendingTests + said.numTodoTests,
    }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

/** Where tests that run with both drivers leave what they found; see test/helpers/bothdrivers.ts. */
const states = join(scratch, 'states')

/** What only one of them left was compared with nothing: some of the storms, and what failed. */
const comparedStates = () => {
  const drivers = new Map()
  for (const file of readdirSync(states)) {
    const [id, driver] = file.split('.')
    drivers.set(id, [...(drivers.get(id) ?? []), driver])
  }
  const both = [...drivers.values()].filter(all => all.length === 2).length
  const alone = [...drivers.values()].filter(([driver, more]) => !more && driver === 'iproute2').length
  console.log(
    `${both} states after ADD, DEL and GC are the same by netlink and by iproute2; ${alone} by iproute2 alone`,
  )
  return { passed: 0, failed: both === 0 ? 1 : 0, skipped: 0 }
}

const untouched = look => () => {
  const different = look()
  for (const line of different) console.error(line)
  if (!different.length) console.log('links, namespaces, forwarding and nft rules are as they were')
  return { passed: 0, failed: different.length ? 1 : 0, skipped: 0 }
}

const look = rememberMachine()
await stage(
  'format and lint',
  check('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'),
)
await stage('types', check('node_modules/typescript/bin/tsc', '--noEmit'))
await stage(
  'types of the program for CNI calls',
  check('node_modules/typescript/bin/tsc', '--noEmit', '-p', '.dev/tsconfig.quick.json'),
)
await stage('unit', jest('unit'))
if (process.argv[2] !== 'unit') {
  // Before there is a place for states: in there only one driver runs, and each look takes seconds.
  const vm = virtualMachine()
  mkdirSync(states)
  process.env.VETHWORK_TEST_STATES = states
  await stage('netns and clients', jest('netns', 'clients'))
  await stage('netns by iproute2', jest('iproute2'))
  await stage('what both left', comparedStates)
  await stage('vm', vm)
  await stage("this machine's own network", untouched(look))
}

if (secondTries.length) console.log('\npassed at the second try:')
for (const { fullName } of secondTries) console.log(`  ${fullName}`)
console.log(`\n${times.join(', ')}`)
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
process.exitCode = sum.failed ? 1 : 0
