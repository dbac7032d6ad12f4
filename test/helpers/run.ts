import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Delivery, Order } from './spawner.ts'

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

export interface RunOptions {
  readonly input?: string
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Record<string, string | undefined>
  readonly cwd?: string
  /** Milliseconds until SIGKILL; the exit code is then 137. */
  readonly timeout?: number
}

/** A `bash -c` whose stdin is a socket takes itself for one of rshd's and reads ~/.bashrc, unless it is not the first shell. */
const NOT_THE_FIRST = { SHLVL: '9' }

/** Runs a program to its end. A failure is an exit code; only a program that does not exist rejects. */
export const run = async (
  file: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Ran> => {
  const { input = '', cwd = process.cwd(), timeout = 30_000 } = options
  const env = { ...process.env, ...NOT_THE_FIRST, ...options.env }
  const order = { command: [file, ...args], env: set(env), cwd, input, timeout }
  return bun ? delivered(order) : forked(order)
}

const set = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )

type Wish = Omit<Order, 'id'>

/** By Node itself, where there is no Bun for the machine. */
const forked = ({ command: [file = '', ...args], input, ...settings }: Wish): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const how = { ...settings, killSignal: 'SIGKILL', maxBuffer: 64 << 20 } as const
    const child = execFile(file, args, how, (error, stdout, stderr) => {
      if (error && typeof error.code === 'string') return reject(error)
      resolve({ stdout, stderr, exitCode: error ? Number(error.code ?? 137) : 0 })
    })
    child.stdin?.on('error', () => {}) // a program may end without reading its input
    child.stdin?.end(input)
  })

const machine = { x64: 'x64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64']
const bun = [new URL(`../../node_modules/@oven/bun-linux-${machine}/bin/bun`, import.meta.url).pathname].find(
  path => existsSync(path),
)

interface Open {
  readonly order: Order
  readonly deliver: (delivery: Delivery) => void
}

type Spawner = ChildProcessByStdio<Writable, Readable, null>

let spawner: Spawner | undefined
const orders = new Map<number, Open>()
let last = 0

/** By the spawner. */
const delivered = async (wish: Wish): Promise<Ran> => {
  const delivery = await new Promise<Delivery>(deliver => {
    const order = { id: ++last, ...wish }
    orders.set(order.id, { order, deliver })
    send(order)
  })
  if ('exitCode' in delivery) {
    const { id: _, ...ran } = delivery
    return ran
  }
  throw Object.assign(new Error(delivery.message), { code: delivery.code })
}

const send = (order: Order) => {
  spawner ??= started()
  holding(spawner, 'ref')
  spawner.stdin.write(`${JSON.stringify(order)}\n`)
}

/** Whether this process waits for it. */
const holding = (of: Spawner, how: 'ref' | 'unref') => {
  of[how]()
  for (const stream of [of.stdin, of.stdout]) (stream as Socket)[how]()
}

const started = (): Spawner => {
  const script = new URL('spawner.ts', import.meta.url).pathname
  const fresh = spawn(bun!, ['run', '--no-install', script], { stdio: ['pipe', 'pipe', 'ignore'] })
  createInterface({ input: fresh.stdout }).on('line', line => {
    const delivery: Delivery = JSON.parse(line)
    orders.get(delivery.id)?.deliver(delivery)
    orders.delete(delivery.id)
    if (!orders.size) holding(fresh, 'unref') // it must not keep jest
  })
  fresh.stdin.on('error', () => {})
  // It left just when it was asked: what it has not read it has not begun.
  fresh.on('exit', () => {
    spawner = undefined
    for (const { order } of orders.values()) send(order)
  })
  return fresh
}

/** As `run`, but a failure throws, with everything that was said. */
export const must = async (
  file: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Ran> => {
  const ran = await run(file, args, options)
  if (ran.exitCode === 0) return ran
  throw new Error(`${file} ${args.join(' ')} ended with ${ran.exitCode}\n${ran.stderr}${ran.stdout}`)
}
