import type { Netns } from './netns.ts'
import { type Snapshot, snapshot } from './snapshot.ts'

/** What a namespace holds that is the same in each run of a test: without what chance or time decides. */
export const impersonal = async (netns: Pick<Netns, 'ok'>): Promise<Snapshot> => {
  const taken = await snapshot(netns)
  await rememberMacs(netns)
  const text = JSON.stringify(withoutTime(taken))
    .replaceAll(/vwt-\d+-[0-9a-f]{8}/g, 'vwt')
    .replaceAll(/\bveth[0-9a-f]{8}\b/g, 'veth') // the reference's
    .replaceAll(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, mac => (random.has(mac) ? 'random' : mac))
  return JSON.parse(text)
}

/** IPv6 speaks on a link when its carrier is there, neighbours and MACs are learned: all of it later, or not. */
const withoutTime = (taken: Snapshot): Snapshot => ({
  ...taken,
  files: {},
  addresses: without(taken.addresses, /^\S+ fe80:/),
  routes: without(taken.routes, /^(multicast |unicast )?(fe80::|ff00::)/),
  neighbours: without(taken.neighbours, /./, ({ kind }) => kind === 'learned'),
  // What a device listens to for those that lie on it.
  fdb: without(taken.fdb, / self$/),
})

const without = (
  facts: Snapshot[string] = {},
  names: RegExp,
  which: (fact: { readonly kind?: string }) => boolean = () => true,
): Snapshot[string] =>
  Object.fromEntries(
    Object.entries(facts).filter(([name, fact]) => !(names.test(name) && which(fact as { kind?: string }))),
  )

/** MACs that the kernel chose, of all namespaces: they go with an interface, and come back. */
const random = new Set<string>()

/** To be told early: once a MAC is set, nothing says any longer that it was the kernel's choice. */
export const rememberMacs = async (netns: Pick<Netns, 'ok'>): Promise<void> => {
  const said = await netns.ok('unshare', ['--mount', 'sh', '-c', chosen])
  for (const mac of said.split('\n').filter(Boolean)) random.add(mac)
}

/** NET_ADDR_RANDOM of linux/netdevice.h is 1. /sys shows the namespace of who mounted it. */
const chosen = `mount -t sysfs sysfs /sys && cd /sys/class/net &&
  for link in *; do [ "$(cat $link/addr_assign_type)" = 1 ] && cat $link/address; done; true`
