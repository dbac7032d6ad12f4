/** What the kernel shows as files (proc(5), sysfs(5)). Read at once: it takes longer to hand it to another thread. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Empty where there is none, or where it may not be read. */
export const contentOf = (path: string): string => or('', () => readFileSync(path, 'utf8'))

/** Where a symbolic link leads; empty where there is none. */
export const targetOf = (path: string): string => or('', () => readlinkSync(path))

/** Empty where there is no such directory. */
export const namesIn = (path: string): string[] => or([], () => readdirSync(path))

const or = <T>(nothing: T, read: () => T): T => {
  try {
    return read()
  } catch {
    return nothing
  }
}
