import { mkdirSync, symlinkSync } from 'node:fs'
import { type CniRan, cni, type Place } from './cni.ts'
import type { Container } from './host.ts'
import { executable, referenceDir } from './plugins.ts'
import type { Extra } from './runtime.ts'

type Config = Readonly<Record<string, unknown>>
export interface Link {
  readonly config: Config
  /** The path of the program. */
  readonly binary: string
}

/** A list of plugins, called as libcni does. A call ends with the first that fails; DEL asks all. */
export interface Chain {
  /** In order, each with the result of the one before. Keeps the last one for the other verbs. */
  add(container: Container, extra?: Extra): Promise<CniRan>
  check(container: Container, extra?: Extra): Promise<CniRan>
  /** Backwards. @returns the first that failed, or the last */
  del(container: Container, extra?: Extra & { readonly result?: object }): Promise<CniRan>
  result: Record<string, unknown> | undefined
  readonly links: readonly Link[]
}

/** The executable under its other names: `ours('tuning')` is a path. */
export const namedIn = (directory: string) => (name: string) => {
  mkdirSync(`${directory}/named`, { recursive: true })
  const path = `${directory}/named/${name}`
  try {
    symlinkSync(executable, path)
  } catch {} // it is there
  return path
}

export const chain = (host: Place, links: readonly Link[]): Chain => {
  const call = (
    command: string,
    { config, binary }: Link,
    container: Container,
    extra: Extra,
    prev?: object,
  ) => cni(host, { command, config, binary, container, prevResult: prev, path: referenceDir, ...extra })
  const self: Chain = {
    result: undefined,
    links,
    async add(container, extra = {}) {
      let ran: CniRan | undefined
      let result: object | undefined
      for (const link of links) {
        ran = await call('ADD', link, container, extra, result)
        if (ran.exitCode !== 0) return ran
        result = ran.json
      }
      self.result = ran!.json
      return ran!
    },
    async check(container, extra = {}) {
      let ran: CniRan | undefined
      for (const link of links) {
        ran = await call('CHECK', link, container, extra, self.result)
        if (ran.exitCode !== 0) return ran
      }
      return ran!
    },
    async del(container, extra = {}) {
      const rans: CniRan[] = []
      for (const link of links.toReversed())
        rans.push(await call('DEL', link, container, extra, 'result' in extra ? extra.result : self.result))
      return rans.find(({ exitCode }) => exitCode !== 0) ?? rans.at(-1)!
    },
  }
  return self
}
