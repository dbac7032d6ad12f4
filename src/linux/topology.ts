/** What is plugged into what on this host, as our marks in the kernel tell it. Looks; changes nothing. */

import { readFile } from 'node:fs/promises'
import { iptablesChain, nftName, readNetworkAlias, readPlugAlias } from '../networks/marks.ts'
import { FORWARDING } from '../plan/kinds/forwarding.ts'
import { HOST } from '../plan/netns.ts'
import type { ObservedLink } from '../plan/observed.ts'
import { findTool } from './exec.ts'
import { linkOf } from './ipjson.ts'
import { ipShow } from './iproute2.ts'
import { iptablesTable } from './iptables.ts'
import { nftTable } from './nft.ts'
import { readSysctls } from './sysctl.ts'

export interface Topology {
  /** Undefined for a family that this kernel does not have. */
  readonly forwarding: { readonly 4?: boolean; readonly 6?: boolean }
  /** The host's ways out: interfaces with an address or a default route that are not ours. */
  readonly uplinks: readonly Interface[]
  readonly networks: readonly NetworkSeen[]
}

export interface Interface {
  readonly name: string
  /** As RFC 2863 has it: UP, DOWN, LOWERLAYERDOWN, UNKNOWN … */
  readonly state: string
  /** Without link-local ones. */
  readonly addresses: readonly string[]
}

export interface NetworkSeen {
  readonly name: string
  /** Undefined if somebody took it away under the containers. */
  readonly bridge?: Interface
  readonly masquerade: boolean
  readonly ports: readonly Port[]
}

export interface Port {
  /** The host's end of the cable. */
  readonly name: string
  readonly state: string
  /** The other end, as ADD made it; undefined if the mark does not say. */
  readonly container?: { readonly id: string; readonly ifname: string; readonly addresses: readonly string[] }
}

/** What `topologyOf` joins. */
export interface Sight {
  readonly links: readonly ObservedLink[]
  /** Interfaces with a default route. */
  readonly defaults: readonly string[]
  readonly forwarding: Topology['forwarding']
  /** Names of all chains in which a network of ours may masquerade. */
  readonly chains: ReadonlySet<string>
}

export const seeTopology = async (): Promise<Topology> => {
  const [links, v4, v6, forwarding, chains] = await Promise.all([
    ipShow(HOST, ['addr show']),
    ipShow(HOST, ['route show default'], ['-4']),
    ipShow(HOST, ['route show default'], ['-6']),
    seeForwarding(),
    seeChains(),
  ])
  const defaults = [...v4, ...v6].map(({ dev }) => String(dev))
  return topologyOf({ links: links.map(linkOf), defaults, forwarding, chains })
}

export const topologyOf = ({ links, defaults, forwarding, chains }: Sight): Topology => {
  const marked = links.map(link => ({
    link,
    network: readNetworkAlias(link.alias),
    plug: readPlugAlias(link.alias),
  }))
  const owners = marked.map(({ network, plug }) => network ?? plug?.owner.network)
  const names = [...new Set(owners.filter(name => name !== undefined))].sort()
  const networks = names.map((name): NetworkSeen => {
    const plugs = marked.filter(({ plug }) => plug?.owner.network === name)
    // A bridge that was there before us has no mark of ours.
    const master = plugs.find(({ link }) => link.master)?.link.master
    const bridge = marked.find(({ network }) => network === name)?.link ?? named(links, master)
    const strangers = marked.filter(({ link, plug }) => bridge && link.master === bridge.name && !plug)
    return {
      name,
      bridge: bridge && interfaceOf(bridge),
      masquerade: chains.has(nftName('masquerade', name)) || chains.has(iptablesChain(name)),
      ports: [
        ...plugs.map(({ link, plug }): Port => {
          const { owner, addresses } = plug!
          return { ...portOf(link), container: { id: owner.containerId, ifname: owner.ifname, addresses } }
        }),
        ...strangers.map(({ link }) => portOf(link)),
      ],
    }
  })
  const bridges = new Set(networks.flatMap(({ bridge }) => bridge?.name ?? []))
  const uplinks = links
    .filter(({ name, master }) => name !== 'lo' && !master && !bridges.has(name))
    .map(link => ({ link, seen: interfaceOf(link) }))
    .filter(
      ({ link, seen }) => defaults.includes(link.name) || (link.type !== 'bridge' && seen.addresses.length),
    )
  return { forwarding, uplinks: uplinks.map(({ seen }) => seen), networks }
}

const named = (links: readonly ObservedLink[], name?: string) => links.find(link => link.name === name)

const interfaceOf = ({ name, operstate, addresses }: ObservedLink): Interface => ({
  name,
  state: operstate,
  addresses: addresses.filter(({ scope }) => scope !== 'link').map(({ address }) => address),
})

const portOf = ({ name, operstate }: ObservedLink): Port => ({ name, state: operstate })

const seeForwarding = async (): Promise<Topology['forwarding']> => {
  const values = await readSysctls(HOST, Object.values(FORWARDING))
  const state = (key: string) => ({ '0': false, '1': true })[values.get(key) ?? '']
  return { 4: state(FORWARDING[4]), 6: state(FORWARDING[6]) }
}

const seeChains = async (): Promise<ReadonlySet<string>> => {
  const nft = (await findTool('nft')) ? await nftTable('inet vethwork') : undefined
  const iptables = await Promise.all((['iptables', 'ip6tables'] as const).map(iptablesChains))
  return new Set([...(nft?.chains.keys() ?? []), ...iptables.flat()])
}

/** iptables-save is asked only where it finds a nat table: the legacy one would load a kernel module to look. */
const iptablesChains = async (command: 'iptables' | 'ip6tables'): Promise<string[]> => {
  const family = command === 'iptables' ? 'ip' : 'ip6'
  const legacy = await readFile(`/proc/net/${family}_tables_names`, 'utf8').catch(() => '')
  const there =
    legacy.split('\n').includes('nat') || ((await findTool('nft')) && (await nftTable(`${family} nat`)))
  if (!there || !(await findTool(`${command}-save`))) return []
  return (await iptablesTable(command, 'nat')).flatMap(line => /^:(\S+)/.exec(line)?.[1] ?? [])
}
