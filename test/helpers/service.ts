import { spawn } from 'node:child_process'
import type { Netns } from './netns.ts'

/** A program that runs until it is stopped. */
export interface Service {
  readonly pid: number
  /** What it has printed on stdout until now. */
  said(): string
  /** TERM, then what it had printed on stdout. */
  stop(): Promise<string>
}

/** Starts a program inside a namespace and waits until it says that it is ready, on stdout or stderr. */
export const start = (
  at: Pick<Netns, 'path'>,
  file: string,
  args: readonly string[],
  ready: RegExp,
  { env = {}, timeout = 15_000 }: { env?: Record<string, string>; timeout?: number } = {},
): Promise<Service> =>
  new Promise((resolve, reject) => {
    const child = spawn('nsenter', [`--net=${at.path}`, '--', file, ...args], {
      env: { ...process.env, ...env },
    })
    const said = { out: '', all: '' }
    const ended = new Promise<void>(done => child.on('close', () => done()))
    const fail = (why: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`${file} ${why}\n${said.all}`))
    }
    const timer = setTimeout(() => fail(`was not ready after ${timeout} ms`), timeout)
    const service: Service = {
      pid: child.pid ?? 0,
      said: () => said.out,
      stop: async () => {
        child.kill('SIGTERM')
        const hard = setTimeout(() => child.kill('SIGKILL'), 5000)
        await ended
        clearTimeout(hard)
        return said.out
      },
    }
    const hear = (chunk: Buffer) => {
      said.all += chunk
      if (!ready.test(said.all)) return
      clearTimeout(timer)
      resolve(service)
    }
    child.stdout.on('data', (chunk: Buffer) => {
      said.out += chunk
      hear(chunk)
    })
    child.stderr.on('data', hear)
    child.on('error', error => fail(error.message))
    void ended.then(() => fail('ended before it was ready')) // means nothing once it was
  })
