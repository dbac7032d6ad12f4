/** Runs child.ts under Bun, as a process of its own. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const arch = process.arch === 'arm64' ? 'aarch64' : 'x64'
const executable = path(`../../../node_modules/@oven/bun-linux-${arch}/bin/bun`)

export const bun = (args: string[]) => {
  const child = spawn(executable, ['run', path('child.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  const said = (text: string) =>
    new Promise<void>(resolve => {
      const look = () => output.includes(text) && resolve()
      child.stdout.on('data', look)
      look()
    })
  child.stdout.on('data', chunk => {
    output += chunk
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve)
  })
  return { pid: child.pid, said, ended, output: () => output, kill: () => child.kill('SIGKILL') }
}
