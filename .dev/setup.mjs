// What `npm run demo`, `npm test` and the others need, each only if it is missing: node .dev/setup.mjs npm demo build
// Plain Node: it runs before there is anything in node_modules. Silent when nothing is to be done.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { missingFeatures } from '../test/vm/features.mjs'
import { missingPackages, setUpPackages } from './packages.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** When a file was changed last; 0 if it is not there. */
const changed = path => (existsSync(path) ? statSync(path).mtimeMs : 0)

/** The newest change below a directory; what was deleted changed the directory itself. */
const newest = directory =>
  Math.max(
    changed(directory),
    ...readdirSync(directory, { withFileTypes: true }).map(entry =>
      entry.isDirectory() ? newest(`${directory}/${entry.name}`) : changed(`${directory}/${entry.name}`),
    ),
  )

/** npm writes `.package-lock.json` as the last thing. */
const npmIsStale = () =>
  changed(`${root}node_modules/.package-lock.json`) < changed(`${root}package-lock.json`)

const buildIsStale = () => {
  const sources = ['cni', 'src', 'ipam'].map(room => newest(root + room))
  const rest = [
    ...['package.json', 'package-lock.json'],
    ...['build.mjs', 'launcher.mjs', 'quickjs.mjs', 'quickbundle.ts'].map(file => `.dev/${file}`),
  ].map(file => changed(root + file))
  return changed(`${root}dist/vethwork`) < Math.max(...sources, ...rest)
}

const run = (file, args) => {
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status === 0) return
  console.error(`${[file, ...args].join(' ')} failed${error ? `: ${error.message}` : ` with ${status}`}`)
  process.exit(1)
}

/** By name: what there may be to do, in words, and how. */
const targets = {
  npm: {
    todo: () => npmIsStale() && 'npm packages (npm ci)',
    // Whatever NODE_ENV says, the tools are needed.
    work: () => run('npm', ['ci', '--include=dev', '--include=optional', '--loglevel=error']),
  },
  demo: {
    todo: () => missingPackages('demo').join(' '),
    work: () => setUpPackages(missingPackages('demo')),
  },
  test: {
    todo: () => missingPackages('test').join(' '),
    work: () => setUpPackages(missingPackages('test')),
  },
  vm: {
    todo: () => missingFeatures().length > 0 && missingPackages('vm').join(' '),
    work: () => setUpPackages(missingPackages('vm')),
  },
  build: {
    todo: () => buildIsStale() && 'dist/vethwork',
    work: () => run(process.execPath, ['.dev/build.mjs']),
  },
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Node ${process.versions.node} is too old: 20 or newer is needed`)
  process.exit(1)
}
const all = ['npm', 'test', 'build']
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all
if (!wanted.every(name => Object.hasOwn(targets, name))) {
  console.error(`usage: node .dev/setup.mjs [${Object.keys(targets).join('|')}]…`)
  process.exit(2)
}
for (const name of wanted) {
  const what = targets[name].todo()
  if (!what) continue
  console.log(`setup: ${name === 'build' ? 'building' : 'installing'} ${what} …`)
  const start = performance.now()
  targets[name].work()
  console.log(`setup: done in ${((performance.now() - start) / 1000).toFixed(1)} s`)
}
