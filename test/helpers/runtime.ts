import { type Call, type CniRan, cni, type Place } from './cni.ts'
import type { Container } from './host.ts'

type Config = Readonly<Record<string, unknown>>
export interface RuntimeOptions {
  readonly path?: string
  readonly binary?: string
  readonly env?: Record<string, string | undefined>
}
export type Extra = Partial<Pick<Call, 'ifname' | 'args' | 'env' | 'netns' | 'timeout'>>

/** A container runtime at its smallest: keeps results, hands them back as prevResult, as libcni does. */
export interface Runtime {
  add(container: Container, config: Config, extra?: Extra): Promise<CniRan>
  check(container: Container, config: Config, extra?: Extra): Promise<CniRan>
  del(container: Container, config: Config, extra?: Extra): Promise<CniRan>
  /** GC with the attachments whose ADD succeeded and whose DEL has not. */
  gc(config: Config): Promise<CniRan>
  /** Results by `<network> <container ID> <interface>`. */
  readonly results: Map<string, object>
}

export const runtime = (host: Place, options: RuntimeOptions = {}): Runtime => {
  const results = new Map<string, object>()
  const key = (container: Container, config: Config, ifname = 'eth0') =>
    `${config.name} ${container.id} ${ifname}`
  const call = (command: string, container: Container, config: Config, extra: Extra, prevResult?: object) =>
    cni(host, {
      ...options,
      ...extra,
      env: { ...options.env, ...extra.env },
      command,
      container,
      config,
      prevResult,
    })

  return {
    results,
    add: async (container, config, extra = {}) => {
      const ran = await call('ADD', container, config, extra)
      if (ran.exitCode === 0) results.set(key(container, config, extra.ifname), ran.json)
      return ran
    },
    check: (container, config, extra = {}) =>
      call('CHECK', container, config, extra, results.get(key(container, config, extra.ifname))),
    del: async (container, config, extra = {}) => {
      const attachment = key(container, config, extra.ifname)
      // prevResult came to DEL with 0.4.0; before it, libcni does not send it.
      const knows = !/^0\.[123]\./.test(String(config.cniVersion ?? '0.1.0'))
      const ran = await call('DEL', container, config, extra, knows ? results.get(attachment) : undefined)
      if (ran.exitCode === 0) results.delete(attachment)
      return ran
    },
    gc: config => {
      const valid = [...results.keys()].map(attachment => attachment.split(' '))
      const attachments = valid
        .filter(([network]) => network === config.name)
        .map(([, containerID, ifname]) => ({ containerID, ifname }))
      return cni(host, {
        ...options,
        command: 'GC',
        config: { ...config, 'cni.dev/valid-attachments': attachments },
      })
    },
  }
}
