/** Plugins one after the other, as a list of them stands in /etc/cni/net.d: each gets what the one before returned. */

import { type CniRan, cni, type Verb } from './cni.ts'
import type { Container, Host } from './host.ts'

export interface Link {
  /** Path of the program. */
  readonly binary: string
  readonly config: Readonly<Record<string, unknown>>
}

export interface Chained {
  /** In order; the last one's result. */
  add(container: Container, links: readonly Link[]): Promise<CniRan>
  check(container: Container, links: readonly Link[]): Promise<CniRan>
  /** In reverse order; without a namespace if `netns` is empty. */
  del(container: Container, links: readonly Link[], netns?: string): Promise<CniRan[]>
}

export const chained = (host: Host, path: string): Chained => {
  const results = new Map<string, object>()
  const call = (command: Verb, container: Container, { binary, config }: Link, more: object) =>
    cni(host, { command, config, container, binary, env: { CNI_PATH: path }, ...more })
  return {
    add: async (container, links) => {
      let ran: CniRan | undefined
      for (const link of links) {
        ran = await call('ADD', container, link, { prevResult: ran?.json })
        if (ran.exitCode !== 0) return ran
      }
      results.set(container.id, ran!.json)
      return ran!
    },
    check: async (container, links) => {
      let ran: CniRan | undefined
      for (const link of links) {
        ran = await call('CHECK', container, link, { prevResult: results.get(container.id) })
        if (ran.exitCode !== 0) break
      }
      return ran!
    },
    del: async (container, links, netns) => {
      const ran: CniRan[] = []
      for (const link of links.toReversed())
        ran.push(
          await call('DEL', container, link, {
            prevResult: results.get(container.id),
            ...(netns === undefined ? {} : { netns }),
          }),
        )
      return ran
    },
  }
}
