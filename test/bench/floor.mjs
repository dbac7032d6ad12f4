// What no plugin can be faster than: starting a process at all.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clear, host } from './arena.mjs'
import { bun } from './bun.mjs'
import { call, contenders } from './contenders.mjs'
import { timed as ran } from './timed.mjs'

const timed = async (...program) => (await ran(...program)).ms

/** @returns rows {what, times} */
export const measureFloor = async samples => {
  const place = host()
  const empty = emptyExecutable(place.directory)
  const starts = {
    true: () => timed(place.path, 'true'),
    'ip -V': () => timed(place.path, 'ip', ['-V']),
    ...(empty ? { 'an empty Bun executable': () => timed(place.path, empty) } : {}),
    ...Object.fromEntries(
      contenders.map(one => [`VERSION of ${one.title}`, () => call(one, 'VERSION', place)]),
    ),
  }
  const rows = []
  for (const [what, start] of Object.entries(starts)) {
    await start()
    const times = []
    for (let i = 0; i < samples; i++) times.push(await start())
    rows.push({ what, times })
  }
  clear()
  return rows
}

/** Compiled as the real one is; undefined where Bun is not installed. */
const emptyExecutable = directory => {
  if (!existsSync(bun)) return undefined
  const source = join(directory, 'empty')
  mkdirSync(source)
  writeFileSync(join(source, 'empty.ts'), 'export {}\n')
  const options = ['--compile', '--bytecode', '--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig']
  const outfile = join(source, 'run')
  execFileSync(bun, ['build', ...options, `--outfile=${outfile}`, join(source, 'empty.ts')], {
    cwd: source,
    stdio: 'ignore',
  })
  return outfile
}
