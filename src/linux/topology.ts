/** What is plugged into what on this host, as our marks in the kernel tell it. Looks; changes nothing. */

import { iptablesChain, nftName, ownerComment, readNetworkAlias, readPlugAlias } from '../networks/marks.ts'
import { FORWARDING } from '../plan/kinds/forwarding.ts'
import { HOST } from '../plan/netns.ts'
import type { ObservedLink } from '../plan/observed.ts'
import { findTool } from './exec.ts'
import { readHostFile } from './hostfile.ts'
import { linkOf } from './ipjson.ts'
import { bridgeShow, ipShow } from './iproute2.ts'
import { iptablesTable } from './iptables.ts'
import { nftTable } from './nft.ts'
import { contentOf } from './procfs.ts'
import { publishedIn } from './published.ts'
import { readSysctls } from './sysctl.ts'

export interface Topology {
  /** This host's name, to tell it from others. */
  readonly host: string
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
  /** The host's own port in a VLAN of the bridge, which carries that VLAN's gateway. */
  readonly legs: readonly Interface[]
  readonly masquerade: boolean
  readonly waysOut: readonly WayOut[]
  readonly ports: readonly Port[]
}

/** A port of the bridge that leads to other hosts. */
export interface WayOut {
  readonly name: string
  readonly state: string
  readonly kind: 'flat' | 'vlan' | 'vxlan' | 'gre'
  /** VLAN ID, VNI or key. */
  readonly id?: number
  /** The interface that it is made on. */
  readonly master?: string
  /** This host's end of a tunnel. */
  readonly local?: string
  /** The multicast group of a VXLAN. */
  readonly group?: string
  /** The other ends: of a VXLAN those in its forwarding database, told or learned. */
  readonly peers: readonly string[]
}

export interface Port {
  /** The host's end of the cable. */
  readonly name: string
  readonly state: string
  /** The other end, as ADD made it; undefined if the mark does not say. */
  readonly container?: {
    readonly id: string
    readonly ifname: string
    readonly addresses: readonly string[]
    /** Its ports on the host's addresses, and whereto: `8080→80/tcp`, `192.0.2.1:53→53/udp`. */
    readonly published?: readonly string[]
  }
}

/** What `topologyOf` joins. */
export interface Sight {
  readonly host: string
  readonly links: readonly ObservedLink[]
  /** Interfaces with a default route. */
  readonly defaults: readonly string[]
  readonly forwarding: Topology['forwarding']
  /** Names of all chains in which a network of ours may masquerade. */
  readonly chains: ReadonlySet<string>
  /** Published ports, by the comment of their owner. */
  readonly published?: ReadonlyMap<string, readonly string[]>
  /** Other ends of tunnels in the forwarding database, by VXLAN device. */
  readonly vteps: ReadonlyMap<string, readonly string[]>
}

export const seeTopology = async (): Promise<Topology> => {
  const [shown, v4, v6, forwarding, rules] = await Promise.all([
    ipShow(HOST, ['addr show']),
    ipShow(HOST, ['route show default'], ['-4']),
    ipShow(HOST, ['route show default'], ['-6']),
    seeForwarding(),
    seeRules(),
  ])
  const defaults = [...v4, ...v6].map(({ dev }) => String(dev))
  const links = shown.map(linkOf).filter(({ type }) => type !== 'ifb')
  const { name: host } = readHostFile()
  return topologyOf({ host, links, defaults, forwarding, ...rules, vteps: await seeVteps(links) })
}

export const topologyOf = ({
  host,
  links,
  defaults,
  forwarding,
  chains,
  published,
  vteps,
}: Sight): Topology => {
  const marked = links.map(link => ({
    link,
    network: readNetworkAlias(link.alias),
    plug: readPlugAlias(link.alias),
  }))
  const owners = marked.map(({ network, plug }) => network ?? plug?.owner.network)
  const names = [...new Set(owners.filter(name => name !== undefined))].sort()
  const networks = names.map((name): NetworkSeen => {
    const plugs = marked.filter(({ plug }) => plug?.owner.network === name)
    const shared = marked.filter(({ network }) => network === name).map(({ link }) => link)
    // A bridge that was there before us has no mark of ours.
    const master = plugs.find(({ link }) => link.master)?.link.master
    const bridge = shared.find(({ type }) => type === 'bridge') ?? named(links, master)
    const isLeg = ({ type, lower }: ObservedLink) => type === 'vlan' && lower !== '' && lower === bridge?.name
    const unmarked = links.filter(link => bridge && link.master === bridge.name && !isMarked(link))
    const isFlat = ({ mac }: ObservedLink) => bridge !== undefined && isMarked(bridge) && mac === bridge.mac
    return {
      name,
      bridge: bridge && interfaceOf(bridge),
      legs: shared.filter(isLeg).map(interfaceOf),
      masquerade: chains.has(nftName('masquerade', name)) || chains.has(iptablesChain(name)),
      waysOut: [
        ...shared.filter(link => !isLeg(link)).flatMap(link => wayOutOf(link, vteps.get(link.name) ?? [])),
        ...unmarked.filter(isFlat).map((link): WayOut => ({ ...portOf(link), kind: 'flat', peers: [] })),
      ],
      ports: [
        ...plugs.map(({ link, plug }): Port => {
          const { owner, addresses } = plug!
          const ports = published?.get(ownerComment(owner)) ?? []
          const container = { id: owner.containerId, ifname: owner.ifname, addresses }
          return { ...portOf(link), container: ports.length ? { ...container, published: ports } : container }
        }),
        ...unmarked.filter(link => !isFlat(link)).map(portOf),
      ],
    }
  })
  const inside = new Set(
    networks.flatMap(({ bridge, legs, waysOut }) =>
      [bridge ?? [], legs, waysOut].flat().map(({ name }) => name),
    ),
  )
  const uplinks = links
    .filter(({ name, master }) => name !== 'lo' && !master && !inside.has(name))
    .map(link => ({ link, seen: interfaceOf(link) }))
    .filter(
      ({ link, seen }) => defaults.includes(link.name) || (link.type !== 'bridge' && seen.addresses.length),
    )
  return { host, forwarding, uplinks: uplinks.map(({ seen }) => seen), networks }
}

const isMarked = ({ alias }: ObservedLink) =>
  readNetworkAlias(alias) !== undefined || readPlugAlias(alias) !== undefined

/** What a marked device of a network is, if it leads out. */
const wayOutOf = (link: ObservedLink, vteps: readonly string[]): WayOut[] => {
  const text = (...keys: string[]) => keys.map(key => link.details[key]).find(one => typeof one === 'string')
  const { id } = link.details
  const common = { ...portOf(link), id: typeof id === 'number' ? id : undefined }
  switch (link.type) {
    case 'vlan':
      return [{ ...common, kind: 'vlan', master: link.lower || undefined, peers: [] }]
    case 'vxlan': {
      const group = text('group', 'group6')
      const peers = [...new Set(vteps)].filter(one => one !== group).sort()
      const [master, local] = [text('link') ?? (link.lower || undefined), text('local', 'local6')]
      return [{ ...common, kind: 'vxlan', master, local, group, peers }]
    }
    case 'gretap':
    case 'ip6gretap':
      return [
        {
          ...common,
          kind: 'gre',
          id: keyOf(link),
          local: text('local'),
          peers: [text('remote') ?? []].flat(),
        },
      ]
    default:
      return []
  }
}

/** iproute2 writes a key as an address: `0.0.19.136` is 5000. */
const keyOf = ({ details: { okey, key } }: ObservedLink): number | undefined => {
  const text = String(okey ?? key ?? '')
  const bytes = text.split('.').map(Number)
  if (!text || bytes.some(Number.isNaN)) return undefined
  return bytes.reduce((sum, byte) => sum * 256 + byte)
}

const named = (links: readonly ObservedLink[], name?: string) => links.find(link => link.name === name)

const interfaceOf = ({ name, operstate, addresses }: ObservedLink): Interface => ({
  name,
  state: operstate,
  addresses: addresses.filter(({ scope }) => scope !== 'link').map(({ address }) => address),
})

const portOf = ({ name, operstate }: ObservedLink): Port => ({ name, state: operstate })

const seeVteps = async (links: readonly ObservedLink[]) => {
  const devices = links.filter(({ type, alias }) => type === 'vxlan' && readNetworkAlias(alias))
  const shown = await Promise.all(devices.map(({ name }) => bridgeShow(HOST, `fdb show dev ${name}`)))
  return new Map(devices.map(({ name }, n) => [name, shown[n]!.flatMap(({ dst }) => dst ?? [])]))
}

const seeForwarding = async (): Promise<Topology['forwarding']> => {
  const values = await readSysctls(HOST, Object.values(FORWARDING))
  const state = (key: string) => ({ '0': false, '1': true })[values.get(key) ?? '']
  return { 4: state(FORWARDING[4]), 6: state(FORWARDING[6]) }
}

const seeRules = async (): Promise<Pick<Sight, 'chains' | 'published'>> => {
  const nft = (await findTool('nft')) ? await nftTable('inet vethwork') : undefined
  const iptables = await Promise.all((['iptables', 'ip6tables'] as const).map(iptablesChains))
  return {
    chains: new Set([...(nft?.chains.keys() ?? []), ...iptables.flat()]),
    published: nft && publishedIn(nft),
  }
}

/** iptables-save is asked only where it finds a nat table: the legacy one would load a kernel module to look. */
const iptablesChains = async (command: 'iptables' | 'ip6tables'): Promise<string[]> => {
  const family = command === 'iptables' ? 'ip' : 'ip6'
  const legacy = contentOf(`/proc/net/${family}_tables_names`)
  const there =
    legacy.split('\n').includes('nat') || ((await findTool('nft')) && (await nftTable(`${family} nat`)))
  if (!there || !(await findTool(`${command}-save`))) return []
  return (await iptablesTable(command, 'nat')).flatMap(line => /^:(\S+)/.exec(line)?.[1] ?? [])
}
