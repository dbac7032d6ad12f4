import type { Call } from '../helpers/cni.ts'
import { nobody, powerless, readOnlyState, stateOf, without } from '../helpers/surroundings.ts'

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
  'a vlan': { config: { vlan: 7 }, code: 2, says: /vlan: 7 is not supported yet/, advises: /leave it out/ },
  'a vlanTrunk': { config: { vlanTrunk: [{ id: 7 }] }, code: 2, says: /vlanTrunk/, advises: /leave it out/ },
  'text for a flag': { config: { ipMasq: 'true' }, code: 7, says: /ipMasq: "true" must be true or false/ },
  'text for a number': { config: { mtu: '1500' }, code: 7, says: /mtu: "1500"/ },
  'half a byte too much': { config: { mtu: 1400.5 }, code: 7, says: /mtu: 1400\.5/ },
  'an mtu of 65536': { config: { mtu: 65536 }, code: 7, says: /mtu: 65536 .*68 to 65535/ },
  'a number for a name': { config: { name: 7 }, code: 7, says: /name: 7/ },
  'no name': { config: { name: undefined }, code: 7, says: /name: undefined/ },
  'a name with a slash': { config: { name: '../web' }, code: 7, says: /name: "\.\.\/web"/ },
  'a mode that is none': { config: { mode: 'nta' }, code: 7, says: /mode: "nta" must be 'nat' or 'local'/ },
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

export const inputs: Readonly<Record<string, Case>> = {
  'empty stdin': { config: '', code: 6, says: /not JSON/, advises: /stdin/ },
  'broken JSON': { config: '{"name": "web"', code: 6, says: /not JSON/ },
  'a JSON list': { config: '[{"name": "web"}]', code: 6, says: /not a JSON object/ },
  'JSON text': { config: '"web"', code: 6, says: /not a JSON object/ },
  'JSON null': { config: 'null', code: 6, says: /not a JSON object/ },
  'a nul byte': { config: '\0', code: 6, says: /not JSON/ },
  'an unknown verb': {
    call: { command: 'ATTACH' },
    code: 4,
    says: /CNI_COMMAND 'ATTACH'/,
    advises: /ADD, DEL/,
  },
  'a verb in lower case': { call: { command: 'add' }, code: 4, says: /CNI_COMMAND 'add'/ },
  'no CNI_* at all': {
    call: { env: { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: '', CNI_PATH: undefined } },
    code: 4,
    says: /CNI_CONTAINERID is missing.*CNI_NETNS is missing.*CNI_IFNAME is missing.*CNI_PATH is missing/,
  },
  'a container ID with a slash': { call: { containerId: 'a/b' }, code: 4, says: /CNI_CONTAINERID 'a\/b'/ },
  'a container ID that begins with a dash': {
    call: { containerId: '-a' },
    code: 4,
    says: /CNI_CONTAINERID '-a'/,
  },
  'an interface name of 16 letters': {
    call: { ifname: 'abcdefghijklmnop' },
    code: 4,
    says: /CNI_IFNAME 'abcdefghijklmnop'/,
  },
  'an interface called .': { call: { ifname: '.' }, code: 4, says: /CNI_IFNAME '\.'/ },
  'an interface with a slash': { call: { ifname: 'eth/0' }, code: 4, says: /CNI_IFNAME/ },
  'an interface with a colon': { call: { ifname: 'eth:0' }, code: 4, says: /CNI_IFNAME/ },
  'an interface with a blank': { call: { ifname: 'eth 0' }, code: 4, says: /CNI_IFNAME/ },
  'an interface that the kernel would number': {
    call: { ifname: 'eth%d' },
    code: 4,
    says: /CNI_IFNAME 'eth%d'/,
  },
  'CNI_ARGS without a value': { call: { args: 'IP' }, code: 4, says: /CNI_ARGS 'IP'/, advises: /K=V/ },
  'CNI_ARGS with an unknown key': {
    call: { args: 'COLOUR=red' },
    code: 4,
    says: /COLOUR/,
    advises: /IgnoreUnknown/,
  },
  'CNI_ARGS with a wrong MAC': { call: { args: 'MAC=red' }, code: 4, says: /MAC 'red'/ },
  'CNI_ARGS with a wrong IP': { call: { args: 'IP=red' }, code: 7, says: /red/ },
  'a namespace that is missing': {
    call: { netns: '/run/netns/vwt-nowhere' },
    code: 8,
    says: /CNI_NETNS '\/run\/netns\/vwt-nowhere' does not exist/,
    advises: /ip netns add/,
  },
  'a relative namespace': { call: { netns: 'vwt-nowhere' }, code: 4, says: /CNI_NETNS 'vwt-nowhere'/ },
  'a regular file for a namespace': {
    call: { netns: '/etc/passwd' },
    code: 8,
    says: /CNI_NETNS '\/etc\/passwd' is no network namespace/,
  },
  'a directory for a namespace': { call: { netns: '/run/netns' }, code: 8, says: /is no network namespace/ },
  'a mount namespace': {
    call: { netns: '/proc/self/ns/mnt' },
    code: 8,
    says: /\/proc\/self\/ns\/mnt/,
    advises: /CNI_NETNS|path/,
  },
  'a user namespace': {
    call: { netns: '/proc/self/ns/user' },
    code: 8,
    says: /\/proc\/self\/ns\/user/,
    advises: /CNI_NETNS|path/,
  },
  'our own namespace': {
    call: { netns: '/proc/self/ns/net' },
    code: 8,
    says: /'\/proc\/self\/ns\/net' is the namespace of the plugin itself/,
    advises: /CNI_NETNS_OVERRIDE/,
  },
  'an interface name that is taken': {
    call: { ifname: 'lo' },
    code: 103,
    says: /CNI_IFNAME 'lo' exists/,
    advises: /another name/,
  },
}

const tap = ['link add vwttap type ifb']
export const machines: Readonly<Record<string, Case>> = {
  'a bridge that is none': {
    config: { bridge: 'vwttap' },
    before: tap,
    after: ['link del vwttap'],
    code: 104,
    says: /'vwttap' exists and is a ifb, not a bridge/,
    advises: /'bridge'/,
  },
  'a bridge called lo': { config: { bridge: 'lo' }, code: 104, says: /'lo' exists/, advises: /'bridge'/ },
  'a foreign address on the bridge': {
    config: { bridge: 'vwtbr' },
    before: ['link add vwtbr type bridge', 'addr add 10.44.0.9/28 dev vwtbr'],
    after: ['link del vwtbr'],
    code: 104,
    says: /'vwtbr' has the address 10\.44\.0\.9\/28/,
    advises: /forceAddress/,
  },
  'ip is missing': {
    surroundings: without('ip'),
    code: 107,
    says: /'ip' is not installed/,
    advises: /iproute2/,
  },
  'nft is missing': {
    surroundings: without('nft'),
    code: 107,
    says: /'nft' is not installed/,
    advises: /nftables/,
  },
  'nsenter is missing': {
    surroundings: without('nsenter'),
    code: 107,
    says: /'nsenter' is not installed/,
    advises: /util-linux/,
  },
  'iptables is missing': {
    config: { ipMasqBackend: 'iptables' },
    surroundings: without('iptables-save', 'iptables-restore', 'iptables'),
    code: 107,
    says: /'iptables-(save|restore)' is not installed/,
    advises: /apt-get install iptables/,
  },
  'root without rights': { surroundings: powerless, code: 108, says: /./, advises: /as root/ },
  'root of another user namespace': {
    surroundings: 'exec unshare --user --map-root-user "$@"',
    code: 108,
    says: /./,
    advises: /as root/,
  },
  'not root': { surroundings: nobody, code: 5, says: /permission denied/, advises: /run as root/ },
  'state on a read-only file system': {
    surroundings: readOnlyState,
    code: 5,
    says: /read-only/,
    advises: /writable/,
  },
  'state on a full disk': {
    surroundings: stateOf(4096, 4096),
    code: 5,
    says: /no space is left/,
    advises: /make room/,
  },
  'no room for a namespace path of state': {
    call: { env: { VETHWORK_STATE_DIR: '/proc/nowhere' } },
    code: 5,
    says: /\/proc\/nowhere/,
  },
  'state below a file': {
    call: { env: { VETHWORK_STATE_DIR: '/etc/passwd/state' } },
    code: 5,
    says: /\/etc\/passwd/,
  },
}
