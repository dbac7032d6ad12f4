import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { executable } from './plugins.ts'

/** The plugin under strace(1). */
export interface TracedPlugin {
  /** To be called instead of the plugin. */
  readonly binary: string
  /** What strace wrote of the last call, line by line. */
  log(): string[]
}

/** @param options of strace: what to watch, or what to inject */
export const tracedPlugin = (directory: string, options: string): TracedPlugin => {
  const [binary, log] = [join(directory, 'traced'), join(directory, 'traced.log')]
  rmSync(log, { force: true })
  writeFileSync(binary, `#!/bin/sh\nexec strace -f -qq -o ${log} ${options} ${executable}\n`)
  chmodSync(binary, 0o755)
  return { binary, log: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []) }
}

/** What happens to the n-th write(2), from 1, instead of it. */
export const injected = (directory: string, what: 'error=EPERM' | 'signal=KILL', n: number): TracedPlugin =>
  tracedPlugin(directory, `-yy -e trace=write -e inject=write:${what}:when=${n}`)
