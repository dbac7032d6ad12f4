import type { CniRan } from './cni.ts'
import type { Netns } from './netns.ts'
import { stable } from './stable.ts'

// biome-ignore lint/suspicious/noExplicitAny: what ip and a plugin print has no type
type Printed = any

/** What an attachment looks like from outside and inside; names and MACs nobody asked for are made alike. */
export const outcome = async (
  host: Netns,
  container: Netns,
  ran: CniRan,
  bridge: string,
): Promise<Printed> => {
  if (ran.exitCode !== 0) return { exitCode: ran.exitCode, code: ran.json?.code }
  const [links, hostAddresses, insideLinks, insideAddresses, routes4, routes6, hostRoutes] =
    await Promise.all([
      host.ip('-d link'),
      host.ip(`addr show dev ${bridge}`),
      container.ip('-d link show dev eth0'),
      container.ip('addr show dev eth0'),
      container.ip('-4 route'),
      container.ip('-6 route'),
      host.ip('route show table all'),
    ])
  const master = links.find((link: Printed) => link.ifname === bridge)
  const port = links.find((link: Printed) => link.master === bridge)
  const found = {
    result: ran.json,
    bridge: { ...link(master), ...pick(master?.linkinfo?.info_data, 'vlan_filtering stp_state ageing_time') },
    port: {
      ...link(port),
      ...pick(port?.linkinfo?.info_slave_data, 'hairpin isolated learning flood'),
    },
    container: link(insideLinks[0]),
    addresses: { bridge: addresses(hostAddresses[0]), container: addresses(insideAddresses[0]) },
    routes: { v4: sorted(routes4), v6: sorted(routes6), host: sorted(hostRoutes.filter(onDev(bridge))) },
    sysctls: {
      host: await settings(host, 'ipv4/ip_forward', 'ipv6/conf/all/forwarding'),
      bridge: await settings(host, `ipv6/conf/${bridge}/accept_ra`),
      // Ours is set where there is an address to be announced.
      container: await settings(
        container,
        ...(insideAddresses[0]?.addr_info.some(({ family }: Printed) => family === 'inet')
          ? ['ipv4/conf/eth0/arp_notify']
          : []),
        'ipv6/conf/eth0/disable_ipv6',
      ),
    },
  }
  return alike(found, port?.ifname)
}

const link = (one: Printed) => ({
  ...pick(stable(one), 'flags mtu link_type'), // whether there is a carrier, packets tell
  promiscuous: (one?.flags ?? []).includes('PROMISC'),
  kind: one?.linkinfo?.info_kind,
  address: one?.address,
})

const addresses = (one: Printed) =>
  sorted((one?.addr_info ?? []).map((a: Printed) => pick(a, 'family local prefixlen scope')))

/** The local table is the kernel's own, and late where an IPv6 address is tentative. */
const onDev = (dev: string) => (route: Printed) => route.dev === dev && route.table !== 'local'

const pick = (from: Printed, names: string): Printed =>
  Object.fromEntries(names.split(' ').map(name => [name, from?.[name]]))

const sorted = (list: Printed[]): Printed[] => {
  const text = (one: Printed) => JSON.stringify(one)
  return list.map(one => stable(one)).sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

const settings = async (netns: Netns, ...names: string[]): Promise<Printed> => {
  const { stdout } = await netns.sh(
    'cat',
    names.map(name => `/proc/sys/net/${name}`),
  )
  return stdout.trim().split('\n').join(' ')
}

/** MACs that tests ask for begin with c2:11:22:33:44 and stay as they are. */
const alike = (found: unknown, veth = 'veth'): unknown => {
  const text = JSON.stringify(found)
    .replaceAll(`"${veth}"`, '"VETH"')
    .replace(/"(?!c2:11:22:33:44|ff:ff|00:00:00)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"/g, '"MAC"')
    .replace(/\bfe80::[0-9a-f:]+(?=["/])/g, 'fe80::x')
    .replace(/\/run\/netns\/vwt-[0-9]+-[0-9a-f]+/g, 'NETNS')
  return JSON.parse(text)
}
