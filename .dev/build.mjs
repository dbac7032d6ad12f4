// One executable out of TypeScript: dist/vethwork, compiled with Bun; it needs neither Node nor node_modules. And the same
// bundled for Node, dist/node, where there is no executable for a machine.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildQuick, joined, Missing } from './quickjs.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const machine = { x64: 'x64', arm64: 'aarch64' }[process.arch]
const bun = `${root}node_modules/@oven/bun-linux-${machine}/bin/bun`
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

// https://reproducible-builds.org/specs/source-date-epoch: the same sources, the same bytes.
const built = process.env.SOURCE_DATE_EPOCH ? new Date(process.env.SOURCE_DATE_EPOCH * 1000) : new Date()

mkdirSync(`${root}dist`, { recursive: true })
const bunBuild = (...args) =>
  execFileSync(bun, ['build', ...shared, ...args, `${root}cni/main.ts`], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })

const defines = [`VETHWORK_VERSION="${version}"`, `VETHWORK_DATE="${built.toISOString().slice(0, 10)}"`]
/** The program for CNI calls, where it can be made. */
const quick = (() => {
  try {
    return buildQuick(root, bun, defines)
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    console.error(`built without QuickJS, so that CNI calls take longer to start: ${error.message}`)
    return undefined
  }
})()

const shared = [
  // Names stay, for stacks that can be read.
  '--minify-whitespace',
  '--minify-syntax',
  '--format=esm',
  // What a verb does not import is not even loaded.
  '--splitting',
  ...[...defines, `VETHWORK_QUICK=${quick !== undefined}`].map(one => `--define=${one}`),
]

bunBuild(
  '--compile',
  '--bytecode',
  // It is over before code compiled for it would pay.
  '--compile-jit-policy=100',
  // It runs as root in any directory: nothing that lies there may change what it does.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  '--no-compile-autoload-tsconfig',
  '--no-compile-autoload-package-json',
  `--outfile=${root}dist/vethwork.new`,
)

if (quick) writeFileSync(`${root}dist/vethwork.new`, joined(quick, `${root}dist/vethwork.new`))

// Chunks are named by what they hold: those of earlier builds would stay.
rmSync(`${root}dist/node`, { recursive: true, force: true })
bunBuild('--target=node', `--outdir=${root}dist/node`)
copyFileSync(`${root}.dev/launcher.mjs`, `${root}dist/node/vethwork.mjs`)
chmodSync(`${root}dist/node/vethwork.mjs`, 0o755)

// What it says of itself lies beside it: for editors, and for man(1).
const written = { 'vethwork.schema.json': ['conf', 'schema'], 'vethwork.8': ['man'] }
for (const [file, args] of Object.entries(written)) {
  const text = execFileSync(`${root}dist/vethwork.new`, args, { env: { PATH: process.env.PATH } })
  writeFileSync(`${root}dist/${file}`, text)
}
// Replaced by rename: it may be running.
renameSync(`${root}dist/vethwork.new`, `${root}dist/vethwork`)
console.log('built dist/vethwork')
