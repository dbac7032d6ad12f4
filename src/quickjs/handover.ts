/**
 * What is not in here is done by the whole program, which is in the same file (loader.c): it takes this process over and
 * begins anew. So it must happen before anything is done.
 */

import { unnamedFile } from './fs.ts'
import { attempt, call, done, host } from './host.ts'

let stdin: string | undefined

/** What was read from there, for who comes after us. */
export const keepStdin = (text: string): void => {
  stdin = text
}

export const handOver = (): never => {
  if (stdin !== undefined) call('dup3', unnamedFile(stdin), 0, 0)
  const environ = Object.entries({ ...process.env, VETHWORK_ENGINE: 'bun' }).map(
    ([name, value]) => `${name}=${value}`,
  )
  const [argv, envp] = [stringsAt([process.argv0]), stringsAt(environ)]
  done(attempt('execve', '/proc/self/exe', argv.pointers, envp.pointers), 'execve', '/proc/self/exe')
  throw new Error('execve(2) came back')
}

/** As execve(2) wants them: addresses of strings that end with a zero byte, and a null pointer at the end. */
const stringsAt = (strings: readonly string[]) => {
  const kept = strings.map(text => Buffer.from(`${text}\0`))
  const pointers = Buffer.alloc(8 * (strings.length + 1))
  for (const [n, text] of kept.entries()) pointers.writeBigUInt64LE(BigInt(host.address(text)), 8 * n)
  return { pointers, kept }
}
