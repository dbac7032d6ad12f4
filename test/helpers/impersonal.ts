import { thisTest } from './ids.ts'
import type { Netns } from './netns.ts'
import { type Snapshot, snapshot } from './snapshot.ts'

/** What a namespace holds that is the same in each run of a test: without what chance or time decides. */
export const impersonal = async (
  netns: Pick<Netns, 'ok'>,
  isChosen: (link: Link) => boolean = isRandom,
): Promise<Snapshot> => {
  const taken = await snapshot(netns)
  await remember(netns, isChosen)
  const text = JSON.stringify(withoutTime(taken))
    .replaceAll(/vwt-\d+-[0-9a-f]{8}/g, 'vwt')
    .replaceAll(/\bveth[0-9a-f]{8}\b/g, 'veth') // the reference's
    .replaceAll(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, mac => (chosen.macs.has(mac) ? 'random' : mac))
  return JSON.parse(text)
}

/** IPv6 speaks on a link when its carrier is there, neighbours and MACs are learned: all of it later, or not. */
const withoutTime = (taken: Snapshot): Snapshot => ({
  ...taken,
  files: {},
  addresses: without(taken.addresses, name => /^\S+ fe80:/.test(name)),
  routes: without(taken.routes, name => /^(multicast |unicast )?(fe80::|ff00::)/.test(name)),
  neighbours: without(taken.neighbours, (_, { kind }) => kind === 'learned'),
  // What a device listens to for those that lie on it.
  fdb: without(taken.fdb, name => name.endsWith(' self')),
})

const without = (
  facts: Snapshot[string] = {},
  goes: (name: string, fact: { readonly kind?: string }) => boolean,
): Snapshot[string] =>
  Object.fromEntries(Object.entries(facts).filter(([name, fact]) => !goes(name, fact as { kind?: string })))

/** MACs that the kernel chose, of this test: they go with an interface, and come back. */
const chosen = { by: '', macs: new Set<string>() }

type Link = Readonly<Record<string, string>>

/** On a host, others' links: bridges of other plugins take a MAC that the kernel chose, and call it set. */
export const isOthers = (link: Link) => !link.ifalias || isRandom(link)

/** To be told before a call, too. */
export const rememberMacs = (netns: Pick<Netns, 'ok'>): Promise<void> => remember(netns, isOthers)

/** NET_ADDR_RANDOM of linux/netdevice.h */
const isRandom = ({ addr_assign_type: type }: Link) => type === '1'

/** /sys shows the namespace of who mounted it. */
const look =
  'mount -t sysfs sysfs /sys && cd /sys/class/net && grep -Hs . */addr_assign_type */address */ifalias; true'

const remember = async (netns: Pick<Netns, 'ok'>, isChosen: (link: Link) => boolean): Promise<void> => {
  if (chosen.by !== thisTest()) Object.assign(chosen, { by: thisTest(), macs: new Set() })
  const links: Record<string, Record<string, string>> = {}
  for (const line of (await netns.ok('unshare', ['--mount', 'sh', '-c', look])).split('\n')) {
    const [, name, file, value] = /^(\S+)\/(\w+):(.*)$/.exec(line) ?? []
    if (name && file && value) links[name] = { ...links[name], [file]: value }
  }
  for (const link of Object.values(links))
    if (link.address && isChosen(link) && link.address !== nobody) chosen.macs.add(link.address)
}
const nobody = '00:00:00:00:00:00'
