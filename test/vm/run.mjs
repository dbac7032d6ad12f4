// Runs the tests of this folder on a kernel that has what they need: this machine's, or a stock one in a virtual machine.
//   node test/vm/run.mjs [--outputFile=FILE] [JEST ARGUMENT]…
// FILE gets jest's results as JSON. VETHWORK_VM=always boots in any case, VETHWORK_VM=never in none.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingFeatures } from './features.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT = 5000 // seconds; on two busy cores all of it took 1800, beside other tests half as much again
const OUTPUT = '--outputFile='

const outputFile = process.argv.find(argument => argument.startsWith(OUTPUT))?.slice(OUTPUT.length)
const rest = process.argv.slice(2).filter(argument => !argument.startsWith(OUTPUT))

/** What the machine may write. */
const share = mkdtempSync(join(tmpdir(), 'vethwork-vm-results-'))
process.on('exit', () => rmSync(share, { recursive: true, force: true }))
const results = join(share, 'results.json')

const jest = [
  process.execPath,
  '--experimental-vm-modules',
  '--no-warnings',
  'node_modules/jest/bin/jest.js',
  '--config=test/vm/jest.config.mjs',
  '--runInBand',
  '--json',
  `${OUTPUT}${results}`,
  ...rest,
]

const run = ([file, ...args]) => spawnSync(file, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })

const missing = missingFeatures()
const direct =
  process.env.VETHWORK_VM === 'never' || (missing.length === 0 && process.env.VETHWORK_VM !== 'always')
if (direct) console.log(`on this machine's kernel, ${release()}`)
else
  console.log(`in a virtual machine${missing.length ? `, for ${release()} lacks ${missing.join(', ')}` : ''}`)

const { status, error } = run(
  direct ? jest : ['test/vm/boot', '--timeout', String(LIMIT), '--share', share, ...jest],
)
if (error) console.error(error.message)
if (outputFile && existsSync(results)) copyFileSync(results, outputFile)
process.exitCode = status ?? 1
