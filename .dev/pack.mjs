// What `npm pack` does before and after: node .dev/pack.mjs lean|whole. The package holds the program bundled for Node with
// all that it needs, so its package.json names no dependencies: those of package.json are for building, Bun (35 MB) among them.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const [file, whole] = [`${root}package.json`, `${root}dist/package.json.whole`]

/** One that was interrupted left package.json lean. */
const bringBack = () => existsSync(whole) && renameSync(whole, file)

bringBack()
if (process.argv[2] === 'lean') {
  const text = readFileSync(file, 'utf8')
  const { scripts, dependencies, devDependencies, optionalDependencies, ...lean } = JSON.parse(text)
  writeFileSync(whole, text)
  writeFileSync(file, `${JSON.stringify(lean, null, 2)}\n`)
}
