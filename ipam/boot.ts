/** The kernel's name for this boot: what was leased under another one is free. */
import { readFileSync } from 'node:fs'
import { telling } from './io.ts'

const path = '/proc/sys/kernel/random/boot_id' // random(4)

export const readBootId = (): string => telling('read', path, () => readFileSync(path, 'utf8').trim())
