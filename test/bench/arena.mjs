// Namespaces and directories of a benchmark, made beforehand and removed whatever happens.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const sweep = new URL('../helpers/sweep.sh', import.meta.url).pathname
const prefix = `vwt-${process.pid}-`
let made = 0

// Outlives us, and sweeps when we die without a word.
const guard = spawn(sweep, ['guard', String(process.pid)], {
  detached: true,
  stdio: ['pipe', 'ignore', 'ignore'],
})
guard.unref()
guard.stdin.unref?.()

/** @returns {string[]} paths of new network namespaces */
export const netns = count => {
  const names = Array.from({ length: count }, () => `${prefix}${made++}`)
  execFileSync('ip', ['-batch', '-'], { input: names.map(name => `netns add ${name}\n`).join('') })
  return names.map(name => `/run/netns/${name}`)
}

/** A host: a network namespace with its loopback up and a directory, on the same file system for everybody. */
export const host = () => {
  const [path] = netns(1)
  execFileSync('nsenter', [`--net=${path}`, 'ip', 'link', 'set', 'lo', 'up'])
  return { path, directory: mkdtempSync(join(tmpdir(), prefix)) }
}

/** Removes everything made so far; the next measurement begins on a clean machine. */
export const clear = () =>
  execFileSync(sweep, [String(process.pid)], { stdio: ['ignore', 'ignore', 'inherit'] })
