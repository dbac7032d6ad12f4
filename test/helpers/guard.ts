import { type ChildProcess, spawn } from 'node:child_process'
import { run } from './run.ts'

const script = new URL('sweep.sh', import.meta.url).pathname
let guard: ChildProcess | undefined
let guarded = 0

/**
 * From now on somebody outlives us: a shell in a session of its own that notices our death, however we die, and
 * removes our namespaces. (Jest gives tests a copy of `process` whose 'exit' event never comes.)
 */
export const watch = (): void => {
  if (guarded++ > 0) return
  guard = spawn(script, ['guard', String(process.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  ;(guard.stdin as unknown as { unref?(): void }).unref?.()
}

/** All is tidy again: the guard may go. */
export const unwatch = (): void => {
  if (--guarded > 0) return
  guard?.stdin?.end('tidy\n')
  guard = undefined
}

/** Removes what test processes that no longer live have left. */
export const sweep = async (): Promise<void> => {
  await run(script)
}
