import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** `refused` by the kernel, `garbled` on the way, or the tool is `killed` there; `fatal`: the plugin that told it is. */
export type Kind = 'refused' | 'garbled' | 'killed' | 'fatal'

/** Tools that fail when they are told to: one call, or one line of `ip -batch` or `bridge -batch`, of all that the plugin tells them. */
export interface Faults {
  /** For the plugin: these tools first. */
  readonly env: { readonly PATH: string; readonly VETHWORK_NETLINK: string }
  /** From now on, what comes as the n-th, from 1, fails. */
  choose(n: number, kind: Kind): void
  /** From now on nothing fails. */
  none(): void
  /** What failed; undefined if there was no n-th. */
  hit(): string | undefined
  /** All that tools were told since then, in its order. */
  told(): string[]
}

const tools = ['ip', 'bridge', 'tc', 'ethtool', 'nft', 'conntrack', 'tee', 'grep', 'nsenter'].concat(
  ['iptables', 'ip6tables'].flatMap(name =>
    ['', '-nft', '-legacy'].flatMap(kind => [`${name}${kind}-save`, `${name}${kind}-restore`]),
  ),
)
const script = new URL('faulty-tool.sh', import.meta.url).pathname

export const faultyTools = (within: string): Faults => {
  const directory = join(within, 'faulty')
  mkdirSync(directory)
  for (const tool of tools) symlinkSync(script, join(directory, tool))
  const file = (name: string) => join(directory, name)
  const linesOf = (name: string) => readFileSync(file(name), 'utf8').trimEnd().split('\n').filter(Boolean)
  const choose = (n: number, kind: Kind) => {
    for (const name of ['hit', 'told']) rmSync(file(name), { force: true, recursive: true })
    mkdirSync(file('told'))
    writeFileSync(file('order'), '')
    writeFileSync(file('chosen'), `${n} ${kind}\n`)
  }
  const none = () => choose(0, 'refused')
  none()
  return {
    // By netlink no tool would be asked.
    env: { PATH: `${directory}:${process.env.PATH}`, VETHWORK_NETLINK: 'iproute2' },
    choose,
    none,
    told: () => linesOf('order').flatMap(line => linesOf(`told/${line.split(' ')[0]}`)),
    hit: () => (existsSync(file('hit')) ? readFileSync(file('hit'), 'utf8').trim() : undefined),
  }
}
