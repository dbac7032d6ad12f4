// Whichever way it speaks with the kernel, by netlink or by programs: the same state, in the host and in the container.
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { configOf, layer2, type ModeName, modeNames } from '../helpers/modes.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { everyWay, isTheSame, placeWith } from '../helpers/samestate.ts'
import { scenes, succeeded } from '../helpers/scene.ts'
import { tracedPlugin } from '../helpers/traced.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('iptables'),
  requireTool('strace'),
  requireTool('tc'),
  requireKernel('bridge'),
  requireKernel('ifb'),
)

const leased = {
  type: 'vethwork-ipam',
  ranges: [[{ subnet: '10.44.0.0/24' }], [{ subnet: 'fd00:44::/64' }]],
  routes: [
    { dst: '10.99.0.0/16', mtu: 1300, advmss: 1200, priority: 7 },
    { dst: 'fd00:99::/64', table: 1000 },
  ],
}
const spanning = (fields: object) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'net-1',
  ipam: leased,
  ...fields,
})
const vxlan = { mode: 'vxlan', vni: 5000, master: 'eth0' }

const networks: Readonly<Record<string, object>> = {
  ...Object.fromEntries(modeNames.map((name: ModeName) => [name, configOf(name, 'dual')])),
  'layer 2': layer2,
  'source-based routing': configOf('nat', 'dual', { sourceRouting: true }),
  'every field': configOf('nat', 'dual', {
    mtu: 1400,
    promiscMode: true,
    hairpinMode: false,
    macspoofchk: true,
    portIsolation: true,
    enabledad: true,
    ipam: leased,
  }),
  'the reference bridge': { ...configOf('nat', 'dual'), mode: undefined, bridge: 'cni0', isGateway: true },
  'vxlan, group': spanning({ ...vxlan, group: '239.1.1.1' }),
  'vxlan, IPv6 group': spanning({ ...vxlan, group: 'ff05::100' }),
  'vxlan, peers': spanning({ ...vxlan, peers: ['192.0.2.1', '192.0.2.2'] }),
  'vxlan, IPv6 peers, told': spanning({
    ...vxlan,
    local: '2001:db8::1',
    peers: ['2001:db8::1', '2001:db8::2'],
    learning: false,
  }),
  flat: spanning({ mode: 'flat', master: 'eth0' }),
  macvlan: spanning({ mode: 'macvlan', master: 'eth0', mtu: 1400 }),
}

const rates = { ingressRate: 20e6, ingressBurst: 2e6, egressRate: 40e9, egressBurst: 2e6 }
const some = ['10.0.0.0/8', '192.0.2.64/26', '0.0.0.0/0', 'fd00:1:2:3::/64', '2001:db8::/32', '::/0']
const chained = { ...configOf('nat', 'dual', rates), mode: 'chained', ipam: undefined }

/** With a rate; and behind which network in a chain. */
const shaped: Readonly<Record<string, readonly [config: object, before?: object]>> = {
  'what goes in and out': [configOf('nat', 'dual', rates)],
  'only in': [configOf('nat', 'v4', { ingressRate: 20_000_001, ingressBurst: 8 })],
  'only out': [configOf('nat', 'v6', { egressRate: 1, egressBurst: 1 })],
  unshapedSubnets: [configOf('nat', 'dual', { ...rates, unshapedSubnets: some })],
  shapedSubnets: [configOf('nat', 'dual', { ...rates, shapedSubnets: some })],
  'without addresses': [{ ...layer2, ...rates }],
  'macvlan, inside': [spanning({ mode: 'macvlan', master: 'eth0', ...rates, unshapedSubnets: some })],
  'in a chain': [chained, configOf('nat', 'dual')],
}

ready('netlink and iproute2', () => {
  test.each(Object.entries(networks))('%s', (_, config) => isTheSame(open, config), 60_000)
  test.each(Object.entries(shaped))(
    'a rate: %s',
    (_, [config, before]) => isTheSame(open, config, before, /htb 7e: root/),
    60_000,
  )

  test.each(['every field', 'vxlan, peers', 'securityGroups'])(
    'by QuickJS and by Bun: %s',
    name => isTheSame(open, networks[name]!, undefined, undefined, everyWay),
    60_000,
  )

  test.each(['netlink', 'iproute2'])('%s: a port has no IPv6 address of its own', async driver => {
    const { host, add, container } = await placeWith(open, driver)
    const { interfaces } = (await add(container, configOf('nat', 'dual'))).json
    const [port] = (await host.ip(`-6 addr show dev ${interfaces[1].name}`)) as { addr_info?: unknown[] }[]
    expect(port?.addr_info ?? []).toEqual([])
  })

  test.each(['netlink', 'iproute2'])('%s: an MTU below that of IPv6', async driver => {
    const { add, del, container } = await placeWith(open, driver)
    const config = configOf('nat', 'v4', { mtu: 1000 })
    await add(container, config)
    await del(container, config)
  })

  test('by netlink, no kernel parameter of IPv4 is looked for among those of all containers', async () => {
    const { host, container } = await placeWith(open, 'netlink')
    const traced = tracedPlugin(host.directory, '-e trace=openat')
    const env = { VETHWORK_NETLINK: 'netlink' }
    const config = configOf('nat', 'v4')
    succeeded(await cni(host, { command: 'ADD', config, container, binary: traced.binary, env }))
    const opened = traced.log().filter(line => line.includes('"/proc/sys/net'))
    expect(opened).toContainEqual(expect.stringContaining('/net/ipv6/conf/veth'))
    expect(opened).not.toContainEqual(expect.stringContaining('/conf/eth0/'))
    expect(await container.ok('cat', ['/proc/sys/net/ipv4/conf/eth0/arp_notify'])).toBe('1\n')
  })

  test('by netlink, no program is started for a container of a network that is there', async () => {
    const { host, add, container } = await placeWith(open, 'netlink')
    const other = await host.container()
    const published = (hostPort: number) =>
      configOf('nat', 'dual', {
        macspoofchk: true,
        hairpinMode: true,
        sourceRouting: true,
        ...rates,
        runtimeConfig: { portMappings: [{ hostPort, containerPort: 53, protocol: 'udp' }] },
      })
    await add(other, published(5301))
    const traced = tracedPlugin(host.directory, '-e trace=execve')
    const config = published(5300)
    for (const command of ['ADD', 'DEL']) {
      const env = { VETHWORK_NETLINK: 'netlink' }
      succeeded(await cni(host, { command, config, container, binary: traced.binary, env }))
      expect(traced.log().filter(line => line.includes('execve('))).toHaveLength(1)
    }
  })
})
