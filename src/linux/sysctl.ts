/** Kernel parameters: files of /proc/sys, which shows those of the namespace of whoever opens them. */

import { readFileSync, writeFileSync } from 'node:fs'
import { HOST, type Netns } from '../plan/netns.ts'
import { ABSENT } from '../plan/observed.ts'
import { CommandError } from './commanderror.ts'
import { run } from './exec.ts'
import { setByMessage } from './netlink/devconf.ts'
import { NetnsError, within } from './netlink/namespace.ts'
import { syscalls } from './netlink/syscalls.ts'

const pathOf = (key: string) => `/proc/sys/${key}`

/** The values of several keys; `ABSENT` for what this kernel does not have. */
export const readSysctls = async (netns: Netns, keys: readonly string[]): Promise<Map<string, string>> => {
  const values = await inside(netns, () => new Map(keys.map(key => [key, readAt(key)])))
  if (values instanceof NetnsError)
    throw new CommandError('setns', netns, values.message, 'look at the kernel parameters')
  if (values) return values
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

/**
 * Does something in a namespace, without a program.
 * @returns undefined if only a program can; the error if the namespace cannot be entered
 */
const inside = async <T>(netns: Netns, work: () => T): Promise<T | NetnsError | undefined> => {
  if (netns === HOST) return work()
  const system = await syscalls()
  try {
    return system && within(system, netns, work)
  } catch (error) {
    if (error instanceof NetnsError) return error
    throw error
  }
}

const readAt = (key: string) => {
  try {
    return readFileSync(pathOf(key), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ABSENT
    throw error
  }
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
  const files: string[] = []
  for (const key of keys) if (!(await setByMessage(netns, key, value))) files.push(key)
  return files.length ? writeFiles(netns, value, files) : new Map()
}

const writeFiles = async (
  netns: Netns,
  value: string,
  keys: readonly string[],
): Promise<Map<string, string>> => {
  const failures = await inside(netns, () => new Map(keys.flatMap(key => written(key, value))))
  if (failures instanceof NetnsError) return new Map(keys.map(key => [key, failures.message]))
  if (failures) return failures
  const { exitCode, stderr } = await run('tee', keys.map(pathOf), { netns, input: value })
  if (exitCode === 0) return new Map()
  const lines = stderr.split('\n').filter(Boolean)
  const named = keys.flatMap(key => {
    const line = lines.find(one => one.includes(`${pathOf(key)}:`))
    return line ? [[key, line] as const] : []
  })
  return new Map(named.length ? named : keys.map(key => [key, stderr]))
}

/** What went wrong, by key. */
const written = (key: string, value: string): [string, string][] => {
  try {
    writeFileSync(pathOf(key), value, { flag: 'r+' })
    return []
  } catch (error) {
    return [[key, reason(error as NodeJS.ErrnoException)]]
  }
}

const reason = ({ code, message }: NodeJS.ErrnoException) =>
  code === 'ENOENT'
    ? 'No such file or directory'
    : code === 'EACCES' || code === 'EPERM'
      ? 'Permission denied'
      : code === 'EROFS'
        ? 'Read-only file system: Permission denied'
        : code === 'EINVAL'
          ? 'Invalid argument'
          : message
