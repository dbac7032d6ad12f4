/** What can be asked of a bridge network: a configuration beyond name, type and bridge, and a call. */
export interface Case {
  readonly config: Record<string, unknown>
  readonly args?: string
  /** Before the ADD, on the host. */
  readonly before?: readonly string[]
  /** Addresses that must answer the container's ping. */
  readonly pings?: readonly string[]
  /** Address outside → the source it must see, or 'nothing'. */
  readonly outside?: Readonly<Record<string, string>>
  /** Where vethwork is different on purpose: path in the outcome → why. */
  readonly differs?: Readonly<Record<string, string>>
}

const v4 = { type: 'host-local', subnet: '10.88.0.0/24' }
const v6 = { type: 'host-local', subnet: 'fd00:88::/64' }
const dual = { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }], [{ subnet: 'fd00:88::/64' }]] }
const defaultRoute = { routes: [{ dst: '0.0.0.0/0' }] }
const masqueraded = { isGateway: true, ipMasq: true }

export const cases: Readonly<Record<string, Case>> = {
  'nothing but addresses': { config: { ipam: v4 } },
  'empty ipam: pure layer 2': { config: { ipam: {} } },
  'no ipam at all': { config: {} },
  isGateway: { config: { isGateway: true, ipam: v4 }, pings: ['10.88.0.1'] },
  'isGateway, IPv6': { config: { isGateway: true, ipam: v6 }, pings: ['fd00:88::1'] },
  isDefaultGateway: { config: { isDefaultGateway: true, ipam: v4 }, pings: ['10.88.0.1'] },
  'isDefaultGateway, dual stack': {
    config: { isDefaultGateway: true, ipam: dual },
    pings: ['10.88.0.1', 'fd00:88::1'],
  },
  'a gateway of its own': {
    config: { isGateway: true, ipam: { ...v4, gateway: '10.88.0.254' } },
    pings: ['10.88.0.254'],
  },
  ipMasq: {
    config: { ...masqueraded, ipam: { ...v4, ...defaultRoute } },
    outside: { '198.51.100.2': '198.51.100.1' },
  },
  'ipMasq, dual stack': {
    config: { isDefaultGateway: true, ipMasq: true, ipam: dual },
    pings: ['10.88.0.1', 'fd00:88::1'], // the reference's gateway is tentative for a second
    outside: { '198.51.100.2': '198.51.100.1', '2001:db8:51::2': '2001:db8:51::1' },
  },
  'no ipMasq: the outside does not answer': {
    config: { isGateway: true, ipam: { ...v4, ...defaultRoute } },
    pings: ['10.88.0.1'],
    outside: { '198.51.100.2': 'nothing' },
  },
  hairpinMode: { config: { isGateway: true, hairpinMode: true, ipam: v4 } },
  promiscMode: { config: { isGateway: true, promiscMode: true, ipam: v4 } },
  'hairpinMode and promiscMode exclude each other': {
    config: { hairpinMode: true, promiscMode: true, ipam: v4 },
    differs: {
      code: 'the reference says 999 for every error; the specification has 7 for a bad configuration',
    },
  },
  mtu: { config: { isGateway: true, mtu: 1400, ipam: v4 } },
  'mtu, layer 2': { config: { mtu: 1400, ipam: {} } },
  routes: {
    config: {
      isGateway: true,
      ipam: { ...v4, routes: [{ dst: '192.0.2.0/24' }, { dst: '203.0.113.0/24', gw: '10.88.0.9' }] },
    },
  },
  'routes, IPv6': {
    config: { isGateway: true, ipam: { ...v6, routes: [{ dst: '2001:db8:1::/48' }, { dst: '::/0' }] } },
  },
  // With isGateway the reference 1.1.1 fails on its own first gateway address and leaves eth0 behind: not compared.
  'two IPv4 ranges': {
    config: {
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/24' }], [{ subnet: '10.89.0.0/24' }]] },
    },
  },
  'one set of two ranges': {
    config: {
      isGateway: true,
      ipam: {
        type: 'host-local',
        ranges: [
          [
            { subnet: '10.88.0.0/24', rangeStart: '10.88.0.50', rangeEnd: '10.88.0.60' },
            { subnet: '10.89.0.0/24' },
          ],
        ],
      },
    },
    pings: ['10.88.0.1'],
  },
  'ranges inside a subnet': {
    config: { isGateway: true, ipam: { ...v4, rangeStart: '10.88.0.20', rangeEnd: '10.88.0.30' } },
  },
  'MAC in CNI_ARGS': { config: { isGateway: true, ipam: v4 }, args: 'IgnoreUnknown=1;MAC=c2:11:22:33:44:55' },
  'MAC in args.cni': { config: { isGateway: true, args: { cni: { mac: 'c2:11:22:33:44:66' } }, ipam: v4 } },
  'MAC in runtimeConfig': {
    config: {
      isGateway: true,
      runtimeConfig: { mac: 'c2:11:22:33:44:77' },
      capabilities: { mac: true },
      ipam: v4,
    },
  },
  'address in CNI_ARGS': { config: { isGateway: true, ipam: v4 }, args: 'IgnoreUnknown=1;IP=10.88.0.77' },
  'address in args.cni': { config: { isGateway: true, args: { cni: { ips: ['10.88.0.78'] } }, ipam: v4 } },
  'address in runtimeConfig': {
    config: {
      isGateway: true,
      runtimeConfig: { ips: ['10.88.0.79'] },
      capabilities: { ips: true },
      ipam: v4,
    },
  },
  'a foreign address on the bridge': {
    config: { isGateway: true, ipam: v4 },
    before: ['link add vwtbr0 type bridge', 'link set vwtbr0 up', 'addr add 10.88.0.5/24 dev vwtbr0'],
    differs: { code: 'the reference says 999; ours names what it found (104, foreign)' },
  },
  'forceAddress replaces it': {
    config: { isGateway: true, forceAddress: true, ipam: v4 },
    before: ['link add vwtbr0 type bridge', 'link set vwtbr0 up', 'addr add 10.88.0.5/24 dev vwtbr0'],
    pings: ['10.88.0.1'],
  },
  'an existing bridge is taken over': {
    config: { isGateway: true, ipam: v4 },
    before: ['link add vwtbr0 type bridge', 'addr add 10.88.0.1/24 dev vwtbr0'],
    pings: ['10.88.0.1'],
  },
}

/** Those that Debian's 1.1.1 knows; 1.1.0 has nothing to be compared with. */
export const versions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0']
