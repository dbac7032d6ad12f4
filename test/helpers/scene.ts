import { expect } from '@jest/globals'
import type { CniRan } from './cni.ts'
import { settled } from './difference.ts'
import { type Container, type Host, testHost } from './host.ts'
import { type Extra, type Runtime, type RuntimeOptions, runtime } from './runtime.ts'
import { mentions, snapshot } from './snapshot.ts'

type Config = Readonly<Record<string, unknown>>

/** A host, a runtime on it, and what a test says all the time: it must succeed, it must be as before. */
export interface Scene {
  readonly host: Host
  readonly runtime: Runtime
  /** ADD, which must succeed. */
  add(container: Container, config: Config, extra?: Extra): Promise<CniRan>
  /** DEL, which must succeed and say nothing. */
  del(container: Container, config: Config, extra?: Extra): Promise<void>
  /**
   * Differences between snapshots that mean nothing: what the machine outside and the containers that stay say of
   * themselves by IPv6 when they like, and what is forgotten with time.
   */
  passing(gone: readonly Container[], more?: readonly RegExp[]): RegExp
  /** Remembers the host as it is. */
  remember(): Promise<Before>
}

export interface Before {
  /** The host is as it was, and nobody remembers these containers. */
  expectSame(...gone: Container[]): Promise<void>
}

export const scene = async (options: RuntimeOptions = {}): Promise<Scene> => {
  const host = await testHost()
  const calls = runtime(host, options)
  const passing = (gone: readonly Container[], more: readonly RegExp[] = []) => {
    const staying = [...calls.results].filter(([key]) => !gone.some(({ id }) => key.includes(id)))
    const macs = staying.flatMap(([, { interfaces = [] }]: [string, { interfaces?: { mac: string }[] }]) =>
      interfaces.map(({ mac }) => mac),
    )
    const heard = new RegExp(`neighbours: fe80::.*"(${macs.join('|') || 'nobody'})"`)
    return new RegExp([elsewhere, heard, ...more].map(({ source }) => source).join('|'))
  }
  return {
    host,
    runtime: calls,
    passing,
    add: async (container, config, extra) => {
      const ran = await calls.add(container, config, extra)
      succeeded(ran)
      return ran
    },
    del: async (container, config, extra) => {
      const ran = await calls.del(container, config, extra)
      succeeded(ran)
      expect(ran.stdout).toBe('')
    },
    remember: async () => {
      const before = await snapshot(host)
      return {
        expectSame: async (...gone) => {
          expect(await settled(before, () => snapshot(host), { except: passing(gone) })).toEqual([])
          expect(gone.flatMap(({ id }) => mentions(host.stateDir, id))).toEqual([])
        },
      }
    },
  }
}

/** The machine outside asks when it likes; iptables on nft makes its empty base chains at the first use and keeps them. */
const elsewhere =
  /neighbours: fe80::\S+ eth0 |\+ nft: (table|chain) ip6? nat |\+ ip6?tables: nat \[(":[A-Z]+ ACCEPT",?)+\]/

/** With what it said, should it have failed. */
export const succeeded = ({ exitCode, stdout, stderr }: CniRan) =>
  expect({ exitCode, said: exitCode ? stdout + stderr : '' }).toEqual({ exitCode: 0, said: '' })

/** The error of a call that must fail: one JSON object on stdout. */
export const failed = ({
  exitCode,
  json,
  stdout,
  stderr,
}: CniRan): { code: number; msg: string; details: string } => {
  expect({ exitCode, isError: typeof json?.code, said: exitCode === 1 ? '' : stdout + stderr }).toEqual({
    exitCode: 1,
    isError: 'number',
    said: '',
  })
  return { details: '', ...json }
}

/** Scenes that end with their test: `const open = scenes(afterEach)`, then `await open()`. */
export const scenes = (after: (work: () => Promise<void>, timeout: number) => void) => {
  const opened: Scene[] = []
  after(async () => {
    await Promise.all(opened.splice(0).map(({ host }) => host.dispose()))
  }, 60_000)
  return async (options?: RuntimeOptions): Promise<Scene> => {
    const one = await scene(options)
    opened.push(one)
    return one
  }
}
