import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Tools that kill the plugin before the n-th thing they are told: a call, or a line of `ip -batch`. */
export interface FatalTools {
  readonly env: { readonly PATH: string; readonly VETHWORK_NETLINK: string }
  /** From 1; with 0 nobody dies. */
  choose(n: number): void
  /** False: there was no n-th. */
  hit(): boolean
}

// Not nsenter: what it starts has the plugin as its parent, too.
const tools = [
  'ip',
  'nft',
  'tee',
  'grep',
  'iptables-save',
  'iptables-restore',
  'ip6tables-save',
  'ip6tables-restore',
]
const script = new URL('fatal-tool.sh', import.meta.url).pathname

export const fatalTools = (within: string): FatalTools => {
  const directory = join(within, 'fatal')
  mkdirSync(directory)
  for (const tool of tools) symlinkSync(script, join(directory, tool))
  const hit = join(directory, 'hit')
  const choose = (n: number) => {
    rmSync(hit, { force: true })
    writeFileSync(join(directory, 'count'), '0\n')
    writeFileSync(join(directory, 'chosen'), `${n}\n`)
  }
  choose(0)
  // By netlink no tool would be asked.
  const env = { PATH: `${directory}:${process.env.PATH}`, VETHWORK_NETLINK: 'iproute2' }
  return { env, choose, hit: () => existsSync(hit) }
}
