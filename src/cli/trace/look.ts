/** Answers what the model asks, from the kernel and from what ADD remembered. Looks; changes nothing. Each thing once. */

import { parseConfig } from '../../../cni/config.ts'
import { personalityOf } from '../../../cni/personality.ts'
import { hostOf } from '../../../ipam/cidr.ts'
import { type AttachmentSeen, seeAttachments } from '../../linux/attachments.ts'
import { findTool, run } from '../../linux/exec.ts'
import { type BridgeJson, linkOf, vlansOf } from '../../linux/ipjson.ts'
import { ipShow } from '../../linux/iproute2.ts'
import { inetSockets, sctpSockets } from '../../linux/listeners.ts'
import { readSysctls } from '../../linux/sysctl.ts'
import type { NetConf } from '../../networks/network.ts'
import { vtepName } from '../../networks/vxlan.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import { ABSENT } from '../../plan/observed.ts'
import { iptablesChains } from './iptables.ts'
import { type Chain, opaqueTables, type Ruleset, replacing, rulesetOf } from './ruleset.ts'
import type { FdbSeen, LinkSeen, NeighbourSeen, PlugSeen, RouteQuery, RouteSeen, Sight } from './sight.ts'

/** @returns the sight, and the attachments that it was made of */
export const look = async (): Promise<{ sight: Sight; attachments: readonly AttachmentSeen[] }> => {
  const attachments = await seeAttachments()
  const remembered = <T>(see: (place: Netns) => Promise<T>) => {
    const seen = new Map<Netns, Promise<T>>()
    return (place: Netns) => {
      const found = seen.get(place) ?? see(place)
      seen.set(place, found)
      return found
    }
  }
  const neighbours = remembered(seeNeighbours)
  const [vlans, fdb] = [remembered(seeVlans), remembered(seeFdb)]
  const sight: Sight = {
    plugs: plugsOf(attachments),
    links: remembered(seeLinks),
    route: seeRoute,
    neighbour: async (place, dev, address) =>
      (await neighbours(place)).find(one => one.dev === dev && one.address === address),
    fdb: () => fdb(HOST),
    vlans: () => vlans(HOST),
    sysctl: async (place, key) => {
      const value = (await readSysctls(place, [key])).get(key) ?? ABSENT
      return value === ABSENT ? '' : value
    },
    ruleset: remembered(seeRuleset),
    listens: seeListener,
  }
  return { sight, attachments }
}

const plugsOf = (attachments: readonly AttachmentSeen[]): PlugSeen[] => {
  const parsed = new Map<string, NetConf | undefined>()
  return attachments.map(({ owner, life, netns, addresses, port, bridge, wants, records }) => {
    const [first] = records
    const key = `${first?.plugin} ${first?.call?.config}`
    if (!parsed.has(key)) parsed.set(key, confOf(first?.plugin, first?.call?.config))
    const conf = parsed.get(key)
    const { network, containerId, ifname } = owner
    const isThere = netns && life !== 'gone' && life !== 'unknown'
    return {
      network,
      container: containerId.slice(0, 12),
      ifname,
      netns: isThere ? (netns as `/${string}`) : undefined,
      addresses,
      port,
      ports: wants.ports,
      bridge: records.find(({ endpoint }) => endpoint.bridge)?.endpoint.bridge ?? bridge,
      masquerades: conf?.ipMasq ?? false,
      wayOut: conf && wayOutOf(conf),
    }
  })
}

/** What was valid at ADD may not be for another version: then nothing is known of it. */
const confOf = (plugin?: string, config?: string): NetConf | undefined => {
  if (!plugin || !config) return undefined
  try {
    return parseConfig(config, personalityOf(plugin)).net
  } catch {
    return undefined
  }
}

/** The port by which a network leads to other hosts, in words where its name was chosen. */
const wayOutOf = ({ mode, vni, master }: NetConf): string | undefined => {
  if (mode === 'vxlan') return vni ? vtepName(vni) : 'its VXLAN device'
  if (mode === 'flat') return master || 'its uplink'
  return mode === 'vlan' ? 'its VLAN interface' : mode === 'gre' ? 'its GRE tunnels' : undefined
}

const seeLinks = async (place: Netns): Promise<LinkSeen[]> =>
  (await ipShow(place, ['addr show'])).map(json => ({ ...linkOf(json), peer: json.link_index }))

/** The exit status of ip is 2 where the kernel refuses, and stderr says why. */
const seeRoute = async (place: Netns, { to, from, iif, mark }: RouteQuery): Promise<RouteSeen> => {
  const words = [
    'route',
    'get',
    to,
    ...(from ? ['from', from] : []),
    ...(iif ? ['iif', iif] : []),
    ...(mark ? ['mark', String(mark)] : []),
  ]
  const { exitCode, stdout, stderr } = await run('ip', [to.includes(':') ? '-6' : '-4', '-j', ...words], {
    netns: place,
  })
  const [route] = exitCode === 0 ? JSON.parse(stdout || '[]') : []
  if (!route) return { kind: 'refused', words: stderr.replace(/^.*answers: /s, '').trim() || 'no route' }
  const { type, dev, gateway, via, prefsrc } = route
  if (type && type !== 'local' && type !== 'unicast') return { kind: 'refused', words: `${type} route` }
  return { kind: type ?? 'unicast', dev, via: gateway ?? via?.host ?? '', source: prefsrc ?? '' }
}

interface Neighbour extends NeighbourSeen {
  readonly dev: string
  readonly address: string
}

const seeNeighbours = async (place: Netns): Promise<Neighbour[]> =>
  (await ipShow(place, ['neigh show'])).map(({ dst, dev, lladdr = '', state = [] }) => ({
    address: dst,
    dev,
    mac: lladdr,
    state: state[0] ?? '',
  }))

const seeFdb = async (): Promise<FdbSeen[]> =>
  (await bridge('fdb', 'show')).map(({ mac = '', ifname, state = '', vlan, dst, flags = [] }) => ({
    mac,
    dev: ifname ?? '',
    state,
    vlan,
    dst,
    self: flags.includes('self'),
  }))

const seeVlans = async () =>
  new Map((await bridge('vlan', 'show')).map(one => [one.ifname ?? '', vlansOf(one)] as const))

type BridgeLine = BridgeJson & { ifname?: string; state?: string; vlan?: number; flags?: string[] }

const bridge = async (...words: string[]): Promise<BridgeLine[]> => {
  const { exitCode, stdout } = await run('bridge', ['-j', ...words])
  return exitCode === 0 && stdout.trim() ? JSON.parse(stdout) : []
}

const seeRuleset = async (place: Netns): Promise<Ruleset> => {
  const nft = (await findTool('nft')) ? await listed(place) : rulesetOf([])
  const opaque = opaqueTables(nft)
  const told: Chain[] = []
  const replaced = new Set<string>()
  for (const table of opaque) {
    const [family = '', name = ''] = table.split(' ')
    const chains = await saved(place, `${family}tables-nft`, name)
    if (chains.length) replaced.add(table)
    told.push(...chains)
  }
  for (const [command, name] of await legacyTables(place)) told.push(...(await saved(place, command, name)))
  return replacing(nft, replaced, told)
}

const listed = async (place: Netns): Promise<Ruleset> => {
  const { exitCode, stdout } = await run('nft', ['-j', 'list', 'ruleset'], { netns: place })
  return rulesetOf(exitCode === 0 && stdout.trim() ? JSON.parse(stdout).nftables : [])
}

const saved = async (place: Netns, command: string, table: string): Promise<Chain[]> => {
  if (!(await findTool(`${command}-save`))) return []
  const { exitCode, stdout } = await run(`${command}-save`, ['-t', table], { netns: place })
  return exitCode === 0 ? iptablesChains(command, table, stdout.split('\n')) : []
}

/** Tables of the older iptables that are in use: asked by name it would load a module to have one. */
const legacyTables = async (place: Netns): Promise<[string, string][]> => {
  const files = { 'iptables-legacy': 'ip_tables_names', 'ip6tables-legacy': 'ip6_tables_names' }
  const paths = Object.values(files).map(file => `/proc/net/${file}`)
  const { stdout } = await run('grep', ['-sH', '', ...paths], { netns: place })
  return Object.entries(files).flatMap(([command, file]) =>
    [...stdout.matchAll(new RegExp(`/${file}:(\\S+)`, 'g'))].map(([, name]): [string, string] => [
      command,
      name!,
    ]),
  )
}

const seeListener: Sight['listens'] = async (place, protocol, address, port) => {
  const files = protocol === 'sctp' ? ['sctp/eps'] : [protocol, `${protocol}6`]
  const { stdout } = await run(
    'cat',
    files.map(file => `/proc/net/${file}`),
    { netns: place },
  )
  const lines = stdout.split('\n').filter(line => line.trim() && !/^\s*(sl|ENDPT)\s/.test(line))
  const sockets = protocol === 'sctp' ? sctpSockets(lines) : inetSockets(protocol, lines)
  const family = address.includes(':') ? 6 : 4
  return sockets.some(
    one =>
      one.port === port && one.families.includes(family) && (!one.address || one.address === hostOf(address)),
  )
}
