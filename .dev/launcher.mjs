#!/usr/bin/env node
// What `npx vethwork` starts: the executable where one was built (in a clone), else the same program by Node, on any Linux.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const executable = fileURLToPath(new URL('../vethwork', import.meta.url))
if (existsSync(executable)) {
  const [, argv0, ...args] = process.argv
  const { status, signal } = spawnSync(executable, args, { argv0, stdio: 'inherit' })
  if (signal) process.kill(process.pid, signal)
  process.exit(status ?? 1)
}
await import('./main.js')
