// Configurations that an ADD must refuse.
import type { Call } from '../helpers/cni.ts'

/** An ADD that must be refused. */
export interface Case {
  /** Put over the good configuration; undefined takes a field away, text is all of stdin. */
  readonly config?: Readonly<Record<string, unknown>> | string
  readonly call?: Partial<Call>
  /** `ip` lines on the host, and those that take it back. */
  readonly before?: readonly string[]
  readonly after?: readonly string[]
  /** Shell, see surroundings.ts. */
  readonly surroundings?: string
  readonly code: number
  /** What the message must name: field, value, reason. */
  readonly says: RegExp
  /** What the details must advise. */
  readonly advises?: RegExp
}

export const subnet = '10.44.0.0/28'
export const good = {
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'web',
  mode: 'nat',
  ipam: { type: 'vethwork-ipam', ranges: [[{ subnet }]] },
}

const ranges = (...sets: object[][]) => ({ ipam: { type: 'vethwork-ipam', ranges: sets } })
const range = (more: object) => ranges([{ subnet: '10.45.0.0/24', ...more }])

export const fields: Readonly<Record<string, Case>> = {
  'an unknown field': {
    config: { hairpinmode: true },
    code: 2,
    says: /hairpinmode.*true.*did you mean 'hairpinMode'/,
  },
  'an unknown field of nobody': {
    config: { qwertyuiop: 7 },
    code: 2,
    says: /qwertyuiop: 7 .*known are .*bridge/,
  },
  'a field every object has': { config: { toString: 7 }, code: 2, says: /toString: 7 is unknown/ },
  'an unknown field of ipam': {
    config: { ipam: { type: 'vethwork-ipam', subnet, rangestart: '10.44.0.2' } },
    code: 2,
    says: /ipam\.rangestart.*did you mean 'rangeStart'/,
  },
  'an unknown field of a range': {
    config: range({ gatway: '10.45.0.1' }),
    code: 2,
    says: /ipam\.ranges\[0\]\[0\]\.gatway.*'gateway'/,
  },
  'two faults at once': {
    config: { isGateway: 'yes', mtu: 20 },
    code: 7,
    says: /isGateway: "yes".*true or false.*mtu: 20/,
  },
  'a port beyond 65535': {
    config: { runtimeConfig: { portMappings: [{ hostPort: 65535, containerPort: 80, range: 2 }] } },
    code: 7,
    says: /portMappings\[0\]\.range: 2 leads from hostPort 65535 beyond 65535/,
  },
  'a hostIP that is none': {
    config: { runtimeConfig: { portMappings: [{ hostPort: 80, containerPort: 80, hostIP: 'eth0' }] } },
    code: 7,
    says: /portMappings\[0\]\.hostIP: "eth0" is not an IP address/,
    advises: /one of the host's IP addresses/,
  },
  'a hostIP of another machine': {
    config: { runtimeConfig: { portMappings: [{ hostPort: 80, containerPort: 80, hostIP: '192.0.2.9' }] } },
    code: 7,
    says: /hostIP "192\.0\.2\.9" is no address of this host/,
    advises: /leave it out/,
  },
  'a condition that is not known': {
    config: { conditionsV4: ['-p', 'tcp'] },
    code: 7,
    says: /conditionsV4: "-p tcp" is not understood/,
    advises: /-s, -d and -i/,
  },
  'a condition that nft would read': {
    config: { conditionsV4: ['-s', '192.0.2.1 accept; flush ruleset;'] },
    code: 7,
    says: /conditionsV4: "accept; flush" is not understood/,
  },
  'a vlan above 4094': {
    config: { vlan: 4095 },
    code: 7,
    says: /vlan: 4095 must be a whole number from 0 to 4094/,
  },
  'a vlanTrunk of 0': {
    config: { vlanTrunk: [{ id: 0 }] },
    code: 7,
    says: /vlanTrunk\[0\]\.id: 0 must be a whole number/,
  },
  'a vlan with a mode': { config: { mode: 'nat', vlan: 7 }, code: 7, says: /mode: "nat" excludes vlan/ },
  'text for a flag': { config: { ipMasq: 'true' }, code: 7, says: /ipMasq: "true" must be true or false/ },
  'text for a number': { config: { mtu: '1500' }, code: 7, says: /mtu: "1500"/ },
  'half a byte too much': { config: { mtu: 1400.5 }, code: 7, says: /mtu: 1400\.5/ },
  'an mtu of 65536': { config: { mtu: 65536 }, code: 7, says: /mtu: 65536 .*68 to 65535/ },
  'a number for a name': { config: { name: 7 }, code: 7, says: /name: 7/ },
  'no name': { config: { name: undefined }, code: 7, says: /name: undefined/ },
  'a name with a slash': { config: { name: '../web' }, code: 7, says: /name: "\.\.\/web"/ },
  'a mode that is none': { config: { mode: 'nta' }, code: 7, says: /mode: "nta" must be one of nat, local/ },
  'a backend that is none': { config: { ipMasqBackend: 'ipfw' }, code: 7, says: /ipMasqBackend: "ipfw"/ },
  'a list for ipam': { config: { ipam: [] }, code: 7, says: /ipam: \[\] must be an object/ },
  'text for ranges': {
    config: { ipam: { type: 'vethwork-ipam', ranges: subnet } },
    code: 7,
    says: /ipam\.ranges.*must be a list/,
  },
  'a cniVersion of the future': {
    config: { cniVersion: '9.0.0' },
    code: 1,
    says: /9\.0\.0/,
    advises: /1\.1\.0/,
  },
  'a number for a cniVersion': { config: { cniVersion: 1 }, code: 1, says: /cniVersion 1 / },
  'hairpinMode and promiscMode': { config: { promiscMode: true }, code: 7, says: /hairpinMode.*promiscMode/ },
  'nat without addresses': {
    config: { ipam: undefined },
    code: 7,
    says: /"nat" needs addresses/,
    advises: /"subnet"/,
  },
  'a gateway for nobody': { config: { mode: 'local', isGateway: true }, code: 7, says: /local.*isGateway/ },
  'no interface and addresses': {
    config: { disableContainerInterface: true },
    code: 7,
    says: /disableContainerInterface/,
  },
  'a MAC address that is none': {
    config: { runtimeConfig: { mac: '02:42' } },
    code: 7,
    says: /runtimeConfig\.mac: "02:42"/,
  },
  'a multicast MAC address': {
    config: { runtimeConfig: { mac: '01:00:5e:00:00:01' } },
    code: 7,
    says: /runtimeConfig\.mac/,
  },
  'a MAC address in args that is none': {
    config: { args: { cni: { mac: 7 } } },
    code: 7,
    says: /args\.cni\.mac: 7/,
  },
  'a bridge of 16 letters': {
    config: { bridge: 'abcdefghijklmnop' },
    code: 7,
    says: /bridge: "abcdefghijklmnop".*15/,
  },
  'a bridge called ..': { config: { bridge: '..' }, code: 7, says: /bridge: "\.\."/ },
  'a bridge with a slash': { config: { bridge: 'br/0' }, code: 7, says: /bridge: "br\/0"/ },
  'a bridge with a colon': { config: { bridge: 'br:0' }, code: 7, says: /bridge: "br:0"/ },
  'a bridge with a blank': { config: { bridge: 'br 0' }, code: 7, says: /bridge: "br 0"/ },
  'a bridge that the kernel would number': { config: { bridge: 'br%d' }, code: 7, says: /bridge: "br%d"/ },
  'a kernel parameter of the host': {
    config: { sysctl: { 'kernel.hostname': 'x' } },
    code: 7,
    says: /sysctl: "kernel\.hostname" is not the container's: only what begins with net\./,
    advises: /on the host/,
  },
  'a kernel parameter with ..': {
    config: { sysctl: { 'net/../kernel/hostname': 'x' } },
    code: 7,
    says: /sysctl: "net\/\.\.\/kernel\/hostname" is no name of a kernel parameter/,
    advises: /net\.ipv4\.conf\.IFNAME/,
  },
  'a kernel parameter with a blank': {
    config: { sysctl: { 'net.ipv4.conf eth0': '1' } },
    code: 7,
    says: /sysctl: "net\.ipv4\.conf eth0" is no name/,
  },
  'a kernel parameter of two lines': {
    config: { sysctl: { 'net.ipv4.ip_forward': '1\n0' } },
    code: 7,
    says: /sysctl: "net\.ipv4\.ip_forward" has the value "1\\n0", which is not one line/,
  },
  'a kernel parameter without a value': {
    config: { sysctl: { 'net.ipv4.ip_forward': '' } },
    code: 7,
    says: /sysctl: "net\.ipv4\.ip_forward" has the value ""/,
  },
  'a kernel parameter twice': {
    config: { sysctl: { 'net.ipv4.ip_forward': '1', 'net/ipv4/ip_forward': '0' } },
    code: 7,
    says: /sysctl: "net\/ipv4\/ip_forward" is there twice, as net\.ipv4\.ip_forward and net\/ipv4\/ip_forward/,
  },
  'a kernel parameter that is a number': {
    config: { sysctl: { 'net.ipv4.ip_forward': 1 } },
    code: 7,
    says: /sysctl\.net\.ipv4\.ip_forward: 1 must be a string/,
  },
  'a kernel parameter that does not exist': {
    config: { sysctl: { 'net.ipv4.nonsense': '1' } },
    code: 2,
    says: /sysctl: there is no net\.ipv4\.nonsense in the container/,
  },
  'a multicast MAC address of the network': {
    config: { mac: '01:00:5e:00:00:01' },
    code: 7,
    says: /mac: "01:00:5e:00:00:01" must be a unicast MAC address/,
  },
  'a MAC address for an ipvlan': {
    config: { mode: 'ipvlan', mac: 'c2:11:22:33:44:55' },
    code: 7,
    says: /mode: "ipvlan" excludes mac/,
    advises: /master/,
  },
  'a queue below 0': { config: { txQLen: -1 }, code: 7, says: /txQLen: -1 must be a whole number from 0/ },
  'text for promisc': { config: { promisc: 'on' }, code: 7, says: /promisc: "on" must be true or false/ },
  'a routing table that is none': { config: { table: 4294967296 }, code: 7, says: /table: 4294967296/ },
  'labels that are none': {
    config: { args: { cni: { labels: [{ key: 'a' }] } } },
    code: 7,
    says: /args\.cni\.labels\[0\]\.value: is missing/,
  },
  'a list of DNS servers that is none': {
    config: { runtimeConfig: { dns: { servers: '192.0.2.1' } } },
    code: 7,
    says: /runtimeConfig\.dns\.servers: "192\.0\.2\.1" must be a list/,
  },
  'a chain without a first plugin': {
    config: { mode: 'chained', ipam: undefined },
    code: 7,
    says: /prevResult is missing/,
    advises: /list of plugins/,
  },
  'a relative dataDir': {
    config: { ipam: { type: 'vethwork-ipam', subnet, dataDir: 'state' } },
    code: 7,
    says: /ipam\.dataDir: "state".*absolute/,
  },
  'a delegate outside of CNI_PATH': {
    config: { ipam: { type: '../host-local' } },
    code: 7,
    says: /ipam\.type: "\.\.\/host-local"/,
  },
}

const group = (rule: object, name = 'web') => ({ securityGroups: { [name]: [rule] } })

export const isolation: Readonly<Record<string, Case>> = {
  'an ingressPolicy that is none': {
    config: { ingressPolicy: 'closed' },
    code: 7,
    says: /ingressPolicy: "closed" must be .*'isolated'/,
  },
  'ipspoofchk without addresses': {
    config: { mode: undefined, ipam: undefined, ipspoofchk: true },
    code: 7,
    says: /ipspoofchk needs addresses/,
    advises: /"subnet"/,
  },
  'groups where containers have no port': {
    config: { mode: 'macvlan', master: 'lo', ...group({}) },
    code: 7,
    says: /mode: "macvlan" excludes securityGroups/,
  },
  'groups on a trunk': {
    config: { mode: undefined, vlanTrunk: [{ id: 7 }], ...group({}) },
    code: 7,
    says: /vlanTrunk excludes securityGroups/,
  },
  'a group with a quote': {
    config: group({}, 'we"b'),
    code: 7,
    says: /securityGroups: "we\\"b" is no name of a group/,
  },
  'a group with a semicolon': {
    config: group({}, 'web; flush ruleset'),
    code: 7,
    says: /"web; flush ruleset" is no name of a group/,
  },
  'a rule that is none': { config: { securityGroups: { web: 'all' } }, code: 7, says: /securityGroups\.web/ },
  'an unknown field of a rule': {
    config: group({ port: 80 }),
    code: 2,
    says: /securityGroups\.web\[0\]\.port.*did you mean 'ports'/,
  },
  'a direction that is none': {
    config: group({ direction: 'in' }),
    code: 7,
    says: /securityGroups\.web\[0\]\.direction: "in" must be 'ingress' or 'egress'/,
  },
  'a protocol that is none': {
    config: group({ protocol: 'tpc' }),
    code: 7,
    says: /securityGroups\.web\[0\]\.protocol: "tpc" must be one of tcp, udp, sctp, icmp, icmpv6/,
  },
  'ports without a protocol': {
    config: group({ ports: 80 }),
    code: 7,
    says: /securityGroups\.web\[0\]\.ports: 80 needs a protocol/,
    advises: /tcp, udp, sctp/,
  },
  'ports of icmp': {
    config: group({ protocol: 'icmp', ports: 8 }),
    code: 7,
    says: /\.ports: 8 needs a protocol that has ports/,
  },
  'port 0': {
    config: group({ protocol: 'tcp', ports: 0 }),
    code: 7,
    says: /\.ports: 0 must be from 1 to 65535/,
  },
  'port 65536': {
    config: group({ protocol: 'tcp', ports: '80-65536' }),
    code: 7,
    says: /\.ports: "80-65536" must be from 1 to 65535/,
  },
  'a port by name': {
    config: group({ protocol: 'tcp', ports: 'http } accept' }),
    code: 7,
    says: /\.ports: "http } accept" must be/,
  },
  'a range of ports that ends before it begins': {
    config: group({ protocol: 'udp', ports: '90-80' }),
    code: 7,
    says: /\.ports: "90-80" ends before it begins/,
    advises: /"80-90"/,
  },
  'a remote that is none': {
    config: group({ remote: '10.1.0/16' }),
    code: 7,
    says: /securityGroups\.web\[0\]\.remote: "10\.1\.0\/16"/,
  },
  'a remote with host bits': {
    config: group({ remote: '10.1.0.7/16' }),
    code: 7,
    says: /\.remote: "10\.1\.0\.7\/16" has host bits/,
    advises: /10\.1\.0\.0\/16/,
  },
  'a remote of the other family': {
    config: group({ protocol: 'icmp', remote: '2001:db8::/64' }),
    code: 7,
    says: /\.remote: "2001:db8::\/64" is of another address family than icmp/,
  },
  'a remote group that is none': {
    config: group({ remoteGroup: 'db' }),
    code: 7,
    says: /securityGroups\.web\[0\]\.remoteGroup: "db" is no group of this network/,
    advises: /there are web/,
  },
  'a remote and a remote group': {
    config: group({ remote: '10.1.0.0/16', remoteGroup: 'web' }),
    code: 7,
    says: /remoteGroup: "web" excludes remote/,
  },
  'a group that the runtime names and nobody has': {
    config: { ...group({}), runtimeConfig: { securityGroups: ['web', 'db'] } },
    code: 7,
    says: /runtimeConfig\.securityGroups: "db" is no group of this network/,
    advises: /there are web/,
  },
  'a group of a network without groups': {
    config: { runtimeConfig: { securityGroups: ['web'] } },
    code: 7,
    says: /runtimeConfig\.securityGroups: "web" is no group/,
    advises: /no securityGroups/,
  },
  'a group in CNI_ARGS that nobody has': {
    config: group({}),
    call: { args: 'SECURITY_GROUPS=web,db' },
    code: 7,
    says: /CNI_ARGS SECURITY_GROUPS: "db"/,
  },
  'a group in args that nobody has': {
    config: { ...group({}), args: { cni: { securityGroups: [7] } } },
    code: 7,
    says: /args\.cni\.securityGroups: 7/,
  },
  'a group in an annotation that nobody has': {
    config: {
      ...group({}),
      runtimeConfig: { 'io.kubernetes.cri.pod-annotations': { 'vethwork/security-groups': 'toString' } },
    },
    code: 7,
    says: /annotation vethwork\/security-groups: "toString" is no group/,
  },
}

export const pools: Readonly<Record<string, Case>> = {
  'a subnet with host bits': {
    config: ranges([{ subnet: '10.45.0.7/24' }]),
    code: 7,
    says: /ipam\.ranges\[0\]\[0\]\.subnet: 10\.45\.0\.7\/24/,
    advises: /10\.45\.0\.0\/24/,
  },
  'a subnet too small': {
    config: ranges([{ subnet: '10.45.0.0/31' }]),
    code: 7,
    says: /10\.45\.0\.0\/31 is too small/,
    advises: /\/30/,
  },
  'a subnet that is none': {
    config: ranges([{ subnet: '10.45.0/24' }]),
    code: 7,
    says: /subnet: "10\.45\.0\/24"/,
  },
  'an octal subnet': { config: ranges([{ subnet: '10.045.0.0/24' }]), code: 7, says: /leading zero/ },
  'a range without a subnet': {
    config: ranges([{ rangeStart: '10.45.0.2' }]),
    code: 7,
    says: /ipam\.ranges\[0\]\[0\]\.subnet: is missing/,
  },
  'no ranges at all': { config: ranges(), code: 7, says: /ipam\.ranges/ },
  'an empty set of ranges': { config: ranges([]), code: 7, says: /ipam\.ranges\[0\]/ },
  'a gateway outside': {
    config: range({ gateway: '10.46.0.1' }),
    code: 7,
    says: /gateway: 10\.46\.0\.1 is not in the subnet 10\.45\.0\.0\/24/,
  },
  'a gateway for everybody': {
    config: range({ gateway: '10.45.0.255' }),
    code: 7,
    says: /gateway: 10\.45\.0\.255/,
  },
  'a rangeStart outside': {
    config: range({ rangeStart: '10.46.0.1' }),
    code: 7,
    says: /rangeStart: 10\.46\.0\.1/,
  },
  'a range that ends before it begins': {
    config: range({ rangeStart: '10.45.0.9', rangeEnd: '10.45.0.3' }),
    code: 7,
    says: /rangeStart: 10\.45\.0\.9 comes after rangeEnd 10\.45\.0\.3/,
  },
  'ranges that overlap': {
    config: ranges([{ subnet: '10.45.0.0/24' }], [{ subnet: '10.45.0.128/25' }]),
    code: 7,
    says: /ranges\[1\]\[0\].* overlaps .*ranges\[0\]\[0\]/,
  },
  'families in one set': {
    config: ranges([{ subnet: '10.45.0.0/24' }, { subnet: 'fd00:45::/64' }]),
    code: 7,
    says: /fd00:45::\/64 is of another address family/,
  },
  'a route that is none': {
    config: { ipam: { type: 'vethwork-ipam', subnet, routes: [{ dst: '10.0.0.1' }] } },
    code: 7,
    says: /ipam\.routes\[0\]\.dst: "10\.0\.0\.1"/,
  },
  'a subnet for a delegate': {
    config: { subnet, ipam: { type: 'host-local' } },
    code: 7,
    says: /subnet.*host-local/,
  },
  'an address asked for that is not in the pool': {
    config: { runtimeConfig: { ips: ['10.99.0.1'] } },
    code: 7,
    says: /10\.99\.0\.1/,
  },
  'an address asked for that is none': { config: { runtimeConfig: { ips: ['ten'] } }, code: 7, says: /ten/ },
  'the gateway asked for': {
    config: { runtimeConfig: { ips: ['10.44.0.1'] } },
    code: 7,
    says: /10\.44\.0\.1/,
  },
  "the resident's address asked for": {
    config: { runtimeConfig: { ips: ['10.44.0.2'] } },
    code: 102,
    says: /10\.44\.0\.2: container .*eth0, has it/,
  },
  'a resolvConf that is missing': {
    config: { ipam: { type: 'vethwork-ipam', subnet, resolvConf: '/nowhere' } },
    code: 5,
    says: /ipam\.resolvConf \/nowhere/,
  },
}
