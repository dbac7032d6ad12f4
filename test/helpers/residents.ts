import { readdirSync, statSync } from 'node:fs'

/** Processes whose network namespace is one of `paths`. */
export const residents = (paths: readonly string[]): number[] => {
  const wanted = new Set(paths.map(inode))
  wanted.delete(undefined) // a namespace that is gone has no residents
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids.filter(pid => wanted.has(inode(`/proc/${pid}/ns/net`))).map(Number)
}

/** Ends them at once. Only ever for namespaces that a test has made. */
export const killInside = (paths: readonly string[]): void => {
  for (const pid of residents(paths)) kill(pid)
}

export const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone by itself
  }
}

const inode = (path: string): number | undefined => {
  try {
    return statSync(path).ino
  } catch {
    return undefined
  }
}
