// What doctor makes of hosts that no test can have: full bridges, daemons, strict filters. And the table of ailments.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import type { Looked } from '../../../../cni/repair.ts'
import { ailments } from '../../../../src/cli/doctor/ailments.ts'
import { examine } from '../../../../src/cli/doctor/checks/index.ts'
import { ruleAilment } from '../../../../src/cli/doctor/checks/rules.ts'
import { isTrouble, urlOf } from '../../../../src/cli/doctor/finding.ts'
import { type HostSeen, nothingSeen } from '../../../../src/cli/doctor/host.ts'
import type { AttachmentSeen } from '../../../../src/linux/attachments.ts'
import { networkAlias } from '../../../../src/networks/marks.ts'
import type { Desired } from '../../../../src/plan/kinds/index.ts'
import { HOST } from '../../../../src/plan/netns.ts'
import { nothing, type ObservedLink } from '../../../../src/plan/observed.ts'
import { nothingWanted } from '../../../../src/services/wants.ts'

const owner = { network: 'web', containerId: 'c1', ifname: 'eth0' }

const link = (name: string, more: Partial<ObservedLink> = {}): ObservedLink => ({
  name,
  index: 1,
  type: '',
  mac: '02:00:00:00:00:01',
  mtu: 1500,
  up: true,
  operstate: 'UP',
  promisc: false,
  allmulti: false,
  txQLen: 1000,
  alias: '',
  master: '',
  lower: '',
  details: {},
  addresses: [],
  ...more,
})
const address = (text: string) => ({ address: text, scope: 'global', tentative: false, dadFailed: false })

const bridge = link('br-web', { type: 'bridge', alias: networkAlias('web') })

const port = { hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '', range: 1 } as const
const attachment: AttachmentSeen = {
  owner,
  life: 'alive',
  addresses: ['10.22.0.2/24'],
  mac: '02:42:0a:16:00:02',
  port: 'veth1',
  bridge: 'br-web',
  wants: { ...nothingWanted, ports: [port] },
  records: [],
}

const common = { scope: 'network', netns: HOST, why: '' } as const
const described: Desired[] = [
  { ...common, kind: 'link', name: 'br-web', type: 'bridge', settings: {} },
  { ...common, kind: 'addr', dev: 'br-web', address: '10.22.0.1/24', nodad: true },
  { ...common, kind: 'forwarding', family: 4 },
]
const web: Looked = {
  record: {
    owner,
    plugin: 'vethwork',
    since: '',
    endpoint: { owner, addresses: ['10.22.0.2/24'], gateways: [] },
    wants: nothingWanted,
  },
  described,
  observed: nothing,
  steps: [],
  obstacles: [],
  left: [],
}
const alive = { attachments: [attachment], looked: [web], links: [bridge] }

const found = (host: Partial<HostSeen>) =>
  examine({ ...nothingSeen, ...host }).map(({ id, object }) => `${id} ${object}`)

const full = Array.from({ length: 1023 }, (_, n) => link(`p${n}`, { master: 'br-web' }))
const filter = (...lines: string[]) => ({ filters: new Map([['iptables-nft filter', lines]]) })
const twoWays = {
  defaultRoutes: [{ family: 4, dev: 'eth0', advertised: false }] as const,
  links: [bridge, link('eth0'), link('eth1', { addresses: [address('203.0.113.1/24')] })],
}

const cases: Readonly<Record<string, readonly [host: Partial<HostSeen>, found: readonly string[]]>> = {
  'nothing at all': [{}, []],
  'one network that is well': [alive, []],
  'a bridge that takes no more': [{ ...alive, links: [bridge, ...full] }, ['bridge-full br-web']],
  'a bridge that is nearly full': [
    { ...alive, links: [bridge, ...full.slice(0, 950)] },
    ['bridge-full br-web'],
  ],
  'a bridge that is not': [{ ...alive, links: [bridge, ...full.slice(0, 949)] }, []],
  'somebody else’s bridge': [{ links: [link('virbr0', { type: 'bridge' })] }, []],
  'a network that nobody uses': [{ links: [bridge] }, ['network-unused web']],
  'no rights': [{ lacks: 'the process lacks CAP_NET_ADMIN' }, ['rights-missing doctor']],
  'no netlink': [{ byPrograms: 'there is no glibc' }, ['driver-iproute2 doctor']],
  'no QuickJS': [{ isSlow: true }, ['engine-bun doctor']],
  'daemons that were not told': [
    { meddlers: ['udev', 'NetworkManager'] },
    ['daemon-takes-over udev', 'daemon-takes-over NetworkManager'],
  ],
  'a strict filter where no answer would leave': [
    { ...alive, ...twoWays, sysctls: new Map([['net/ipv4/conf/eth1/rp_filter', '1']]) },
    ['rp-filter-strict eth1'],
  ],
  'for all interfaces': [
    { ...alive, ...twoWays, sysctls: new Map([['net/ipv4/conf/all/rp_filter', '1']]) },
    ['rp-filter-strict eth1'],
  ],
  'a loose one above it': [
    {
      ...alive,
      ...twoWays,
      sysctls: new Map([
        ['net/ipv4/conf/all/rp_filter', '2'],
        ['net/ipv4/conf/eth1/rp_filter', '1'],
      ]),
    },
    [],
  ],
  'firewalld that was not told': [
    { ...alive, firewalls: { barriers: [], mixed: false, zones: new Map([['', 'public']]) } },
    ['firewalld-zone-missing web'],
  ],
  'firewalld that was': [
    {
      ...alive,
      firewalls: {
        barriers: [],
        mixed: false,
        zones: new Map([
          ['', 'public'],
          ['br-web', 'trusted'],
        ]),
      },
    },
    [],
  ],
  br_netfilter: [{ ...alive, bridgeNf: [4, 6] }, ['br-netfilter host']],
  'a rule that drops the bridge': [
    { ...alive, ...filter(':FORWARD ACCEPT [0:0]', '-A FORWARD -i br-web -j DROP') },
    ['foreign-rule-drops web'],
  ],
  'a rule that drops a larger subnet': [
    {
      ...alive,
      ...filter('-A FORWARD -s 10.0.0.0/8 -m comment --comment "no tens" -j REJECT --reject-with x'),
    },
    ['foreign-rule-drops web'],
  ],
  'rules that drop others, or some': [
    {
      ...alive,
      ...filter(
        '-A FORWARD -i br-other -j DROP',
        '-A FORWARD -s 10.23.0.0/24 -j DROP',
        '-A FORWARD -s 10.22.0.0/25 -j DROP',
        '-A FORWARD -i br-web -p tcp -m tcp --dport 25 -j DROP',
        '-A INPUT -i br-web -j DROP',
      ),
    },
    [],
  ],
  'a rule behind our accept': [
    {
      ...alive,
      ...filter(
        '-A FORWARD -m comment --comment "vethwork web" -j VETHWORK-1',
        '-A FORWARD -i br-web -j DROP',
      ),
    },
    [],
  ],
  'a process at a published port': [
    { ...alive, listeners: [{ protocol: 'tcp', port: 8080, address: '', families: [4, 6] }] },
    ['port-listened-on 8080/tcp'],
  ],
  'the runtime’s own, which holds it': [
    {
      ...alive,
      listeners: [
        {
          protocol: 'tcp',
          port: 8080,
          address: '',
          families: [4],
          process: { pid: 1, name: 'conmon', command: 'conmon -c c1' },
        },
      ],
    },
    [],
  ],
  'what a container of another bridge has': [
    {
      ...alive,
      fdb: [{ dev: 'veth9', mac: attachment.mac! }],
      links: [bridge, link('veth9', { master: 'br-other' })],
    },
    [],
  ],
  'a container with another MAC address': [
    { ...alive, looked: [{ ...web, left: ['eth0 has the MAC address a, ADD gave it b'] }] },
    ['container-mac-differs c1 eth0'],
  ],
  'an interface of the host in the subnet': [
    { ...alive, links: [bridge, link('eth1', { addresses: [address('10.22.0.9/16')] })] },
    ['subnet-overlaps eth1'],
  ],
}

describe('a host', () => {
  test.each(Object.entries(cases))('%s', (_, [host, expected]) => expect(found(host)).toEqual(expected))
})

test('the worst stands first, and notes are no trouble', () => {
  const all = examine({
    ...nothingSeen,
    ...alive,
    bridgeNf: [4],
    ...filter('-A FORWARD -i br-web -j DROP'),
    meddlers: ['udev'],
  })
  expect(all.map(({ severity }) => severity)).toEqual(['error', 'warning', 'note'])
  expect(all.filter(isTrouble)).toHaveLength(2)
})

test.each([
  [[], 'ip addr del 10.22.0.9/16 dev eth1'],
  [
    [{ family: 4, dev: 'eth1', advertised: false }] as const,
    "give network web another subnet, and its containers DEL and ADD: 'eth1' is this host's way out",
  ],
])('whoever does what it says is not cut off: default routes %j', (defaultRoutes, fix) => {
  const links = [bridge, link('eth1', { addresses: [address('10.22.0.9/16')] })]
  expect(examine({ ...nothingSeen, ...alive, links, defaultRoutes })).toMatchObject([{ object: 'eth1', fix }])
})

describe('a line of nft is of a service', () => {
  test.each([
    [
      'add rule inet vethwork masquerade/web ip saddr 10.22.0.0/24 masquerade comment "x"',
      'masquerade-missing',
    ],
    ['add chain inet vethwork ports { type nat hook prerouting priority dstnat; }', 'port-map-missing'],
    [
      'create element inet vethwork ports4-all { tcp . 8080 comment "web/c1/eth0" : 10.22.0.2 . 80 }',
      'port-map-missing',
    ],
    ['flush chain bridge vethwork groups-in/web', 'security-group-missing'],
    ['add chain bridge vethwork to-group-in-default/web { }', 'security-group-missing'],
    ['add element bridge vethwork ipspoofchk-ipv4/web { veth1 . 10.22.0.2 }', 'spoof-check-missing'],
    ['add element inet vethwork secluded-bridges { br-web }', 'isolation-missing'],
    ['add rule inet vethwork passage/web accept', 'rules-missing'],
    ['add table inet vethwork', undefined],
    ['add map inet vethwork ports4 { type inet_proto . inet_service : ipv4_addr; }', undefined],
  ])('%s', (line, id) => expect(ruleAilment(line)?.id).toBe(id))
})

const root = new URL('../../../../', import.meta.url).pathname
const read = (file: string) => readFileSync(root + file, 'utf8')

test('each ailment is found by somebody, and is documented', () => {
  const checks = readdirSync(`${root}src/cli/doctor/checks`).map(file =>
    read(`src/cli/doctor/checks/${file}`),
  )
  const sources = [...checks, read('src/services/findings.ts')].join('\n')
  const page = read('examples/OPERATING.md')
  const ids = Object.keys(ailments)
  expect(ids.filter(id => !sources.includes(`'${id}'`))).toEqual([])
  expect(ids.filter(id => !page.includes(`\`${id}\``))).toEqual([])
})

describe('the table of ailments', () => {
  test.each(Object.entries(ailments))(
    '%s: a stable name, one sentence, and a thread that is somebody’s',
    (id, one) => {
      expect(id).toMatch(/^[a-z]+(-[a-z0-9]+)+$/)
      expect(one.why).toMatch(/^[^.]+[^.]$/)
      if ('thread' in one)
        expect(urlOf(one.thread)).toMatch(/^https:\/\/github\.com\/[\w-]+\/[\w.-]+\/issues\/\d+$/)
    },
  )
})
