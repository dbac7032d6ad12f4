import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Netns } from './netns.ts'
import { type Facts, iptablesFacts, nftFacts } from './rules.ts'
import { isDerived, isPassing, keyed, linkFacts, neighbour, stable } from './stable.ts'

/** Everything a namespace holds, as comparable data: section → what → how it is. */
export type Snapshot = Record<string, Facts>

const sysctls = [
  ['ipv4', 'ip_forward'],
  ['ipv4/conf/*', 'forwarding rp_filter accept_local arp_ignore arp_announce arp_notify arp_accept'],
  ['ipv4/conf/*', 'proxy_arp route_localnet send_redirects accept_redirects promote_secondaries'],
  [
    'ipv6/conf/*',
    'forwarding accept_ra accept_dad autoconf addr_gen_mode disable_ipv6 proxy_ndp ndisc_notify',
  ],
] as const
const files = sysctls.flatMap(([directory, names]) =>
  names.split(' ').map(name => `/proc/sys/net/${directory}/${name}`),
)

/** A line of output for each line of a batch, as its name says. */
const batch = (program: string, lines: Readonly<Record<string, string>>) => ({
  names: Object.keys(lines),
  command: [`${program} -batch - <<END`, ...Object.values(lines), 'END'].join('\n'),
})

/** All of its output under its name. */
const whole = (name: string, command: string) => ({ names: [name], command })

// One shell for all, and few programs: in the virtual machine each takes 100 ms.
const commands = [
  batch('ip -j -d', {
    links: 'link',
    addresses: 'addr',
    neighbours: 'neigh',
    proxies: 'neigh show proxy',
    routes: 'route show table all',
    rules4: 'rule',
  }),
  whole('rules6', 'ip -j -d -6 rule'),
  batch('bridge -j', { fdb: 'fdb', vlans: 'vlan' }),
  whole('queues', 'tc -j qdisc'),
  whole('nft', `rules=$(nft -j list ruleset); printf '%s\\n' "$rules"`),
  // They show tables of nft's families ip and ip6, or of the older iptables.
  whole(
    'iptables',
    `{ read -r legacy </proc/net/ip_tables_names || read -r legacy </proc/net/ip6_tables_names; } 2>/dev/null
     case $legacy$rules in ?*'"family": "ip'[6\\"]* | [!{]*) isThere=yes ;; *) isThere= ;; esac
     [ -z $isThere ] || iptables-save 2>/dev/null`,
  ),
  whole('ip6tables', '[ -z $isThere ] || ip6tables-save 2>/dev/null'),
  whole('sysctls', `grep -H . ${files.join(' ')} 2>/dev/null`),
]
// The output of each ends with a line of its own.
const end = '--vwt--'
const script = commands.map(({ command }) => `${command}\necho; echo ${end}`).join('\n')

const saidBy = async (netns: Pick<Netns, 'ok'>): Promise<Record<string, string>> => {
  const outputs = (await netns.ok('sh', ['-c', script])).split(`${end}\n`)
  const said: Record<string, string> = {}
  for (const [n, { names }] of commands.entries()) {
    const output = outputs[n] ?? ''
    const lines = output.split('\n')
    for (const [at, name] of names.entries()) said[name] = (names.length > 1 ? lines[at] : output) ?? ''
  }
  return said
}

/** The whole state of a namespace, and the files below `directories`; what changes by itself is left out. */
export const snapshot = async (netns: Pick<Netns, 'ok'>, ...directories: string[]): Promise<Snapshot> => {
  const said = await saidBy(netns)
  const list = (name: string) => lists(said[name] ?? '')
  const nameOf = (link: Record<string, unknown>) => String(link.ifname)
  const route = (one: Record<string, unknown>) =>
    [one.type, one.dst, one.gateway, one.dev, one.table, one.metric]
      .filter(part => part !== undefined)
      .join(' ')
  return {
    links: keyed(list('links').map(linkFacts), nameOf),
    addresses: keyed(
      list('addresses').flatMap(link =>
        link.addr_info.map((address: object) => ({ dev: link.ifname, ...address })),
      ),
      one => `${one.dev} ${one.local}/${one.prefixlen}`,
    ),
    routes: keyed(
      list('routes').filter(one => !isDerived(one)),
      route,
    ),
    policy: keyed([...list('rules4').map(v4), ...list('rules6')].map(anyones), one => JSON.stringify(one)),
    neighbours: keyed(
      [...list('neighbours'), ...list('proxies')].flatMap(neighbour),
      one => `${one.dst} ${one.dev}`,
    ),
    fdb: keyed(
      list('fdb').filter(one => !isPassing(one)),
      one => [one.mac, one.ifname, one.state, one.flags, one.dst, one.vlan].join(' ').trim(),
    ),
    vlans: keyed(list('vlans'), nameOf),
    queues: keyed(
      list('queues').map(({ options, ...one }) => one),
      one => `${one.dev} ${one.kind} ${one.handle} ${one.parent ?? 'root'}`,
    ),
    nft: nftFacts(said.nft ?? ''),
    iptables: iptablesFacts(said.iptables ?? ''),
    ip6tables: iptablesFacts(said.ip6tables ?? ''),
    sysctls: Object.fromEntries((said.sysctls ?? '').split('\n').flatMap(setting)),
    files: Object.assign({}, ...directories.map(directory => filesBelow(directory))),
  }
}

const v4 = (rule: object) => ({ family: 'ipv4', ...rule })

/** Without who made it. */
const anyones = ({ protocol: _, ...rule }: { protocol?: string }) => rule

const setting = (line: string): [string, string][] => {
  const [path = '', value = ''] = line.split(':')
  return path.startsWith('/') ? [[path.slice('/proc/sys/net/'.length), value]] : []
}

// biome-ignore lint/suspicious/noExplicitAny: what ip and bridge print has no type
const lists = (text: string): any[] =>
  text
    .split('\n')
    .filter(line => line.trim() !== '')
    .flatMap(line => JSON.parse(line))

/** Path → mode and content, JSON parsed so that only its meaning is compared. */
export const filesBelow = (directory: string, under = ''): Facts => {
  if (!existsSync(join(directory, under))) return {}
  const found: Facts = {}
  for (const name of readdirSync(join(directory, under)).sort()) {
    const path = join(under, name)
    const stat = lstatSync(join(directory, path))
    const mode = (stat.mode & 0o7777).toString(8)
    if (stat.isDirectory()) Object.assign(found, { [`${path}/`]: { mode } }, filesBelow(directory, path))
    else if (stat.isFile()) found[path] = { mode, content: content(join(directory, path)) }
    else found[path] = { mode, special: true }
  }
  return found
}

/** Files below a directory that mention `id` in name or content: leases that are not released. */
export const mentions = (directory: string, id: string): string[] =>
  Object.entries(filesBelow(directory)).flatMap(([path, facts]) =>
    path.includes(id) || JSON.stringify(facts).includes(id) ? [path] : [],
  )

const content = (path: string): unknown => {
  const text = readFileSync(path, 'utf8')
  try {
    return stable(JSON.parse(text), /^$/)
  } catch {
    return text
  }
}
