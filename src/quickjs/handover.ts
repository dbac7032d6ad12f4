/**
 * What is not in here is done by the whole program, which is in the same file (loader.c): it takes this process over and
 * begins anew. So it must happen before anything is done.
 */

import { trace } from '../linux/trace.ts'
import { unnamedFile } from './fs.ts'
import { call, host } from './host.ts'

let stdin: string | undefined

/** What was read from there, for who comes after us. */
export const keepStdin = (text: string): void => {
  stdin = text
}

export const handOver = (): never => {
  trace('handed over')
  if (stdin !== undefined) call('dup3', unnamedFile(stdin), 0, 0)
  throw new Error(`the whole program does not start: errno ${-host.become()}`)
}
