/** Kernel parameters: files of /proc/sys, which shows those of the namespace of whoever opens them. */

import { readFile, writeFile } from 'node:fs/promises'
import { HOST, type Netns } from '../plan/netns.ts'
import { ABSENT } from '../plan/observed.ts'
import { CommandError } from './commanderror.ts'
import { run } from './exec.ts'

const pathOf = (key: string) => `/proc/sys/${key}`

/** The values of several keys; `ABSENT` for what this kernel does not have. */
export const readSysctls = async (netns: Netns, keys: readonly string[]): Promise<Map<string, string>> => {
  if (netns === HOST) {
    const values = keys.map(key => readFile(pathOf(key), 'utf8').then(text => text.trim(), absentOr))
    return new Map((await Promise.all(values)).map((value, n) => [keys[n]!, value]))
  }
  // -s: silent about missing files; -H: name each file, also when it is the only one.
  const { stdout, stderr } = await run('grep', ['-sH', '', ...keys.map(pathOf)], { netns })
  if (stderr) throw new CommandError('grep', keys.join(' '), stderr, 'look at the kernel parameters')
  const lines = stdout
    .split('\n')
    .filter(Boolean)
    .map(line => line.split(':') as [string, string])
  const found = new Map(lines)
  return new Map(keys.map(key => [key, found.get(pathOf(key)) ?? ABSENT]))
}

const absentOr = (error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') return ABSENT
  throw error
}

/**
 * Sets one key in several places at once, as each of them takes the same value.
 * @returns stderr by key, for those that failed
 */
export const writeSysctls = async (
  netns: Netns,
  value: string,
  keys: readonly string[],
): Promise<Map<string, string>> => {
  if (netns === HOST) {
    const failures = new Map<string, string>()
    for (const key of keys)
      await writeFile(pathOf(key), value, { flag: 'r+' }).catch(error => failures.set(key, reason(error)))
    return failures
  }
  const { exitCode, stderr } = await run('tee', keys.map(pathOf), { netns, input: value })
  if (exitCode === 0) return new Map()
  const lines = stderr.split('\n').filter(Boolean)
  const named = keys.flatMap(key => {
    const line = lines.find(one => one.includes(`${pathOf(key)}:`))
    return line ? [[key, line] as const] : []
  })
  return new Map(named.length ? named : keys.map(key => [key, stderr]))
}

const reason = ({ code, message }: NodeJS.ErrnoException) =>
  code === 'ENOENT'
    ? 'No such file or directory'
    : code === 'EACCES' || code === 'EPERM'
      ? 'Permission denied'
      : code === 'EROFS'
        ? 'Read-only file system: Permission denied'
        : message
