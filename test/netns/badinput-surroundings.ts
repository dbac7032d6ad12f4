// What the runtime says and what the machine is like, when an ADD must be refused because of it.
import { nobody, powerless, readOnlyState, stateOf, without } from '../helpers/surroundings.ts'
import type { Case } from './badinput-cases.ts'

const byPrograms = { env: { VETHWORK_NETLINK: 'iproute2' } }

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
  'an unknown way to speak with the kernel': {
    call: { env: { VETHWORK_NETLINK: 'smoke' } },
    code: 4,
    says: /VETHWORK_NETLINK 'smoke'/,
    advises: /netlink or iproute2/,
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
  'ip is missing, and netlink not wanted': {
    surroundings: without('ip'),
    call: byPrograms,
    code: 107,
    says: /'ip' is not installed/,
    advises: /iproute2/,
  },
  'nft is missing, and netlink not wanted': {
    surroundings: without('nft'),
    call: byPrograms,
    code: 107,
    says: /'nft' is not installed/,
    advises: /nftables/,
  },
  'nsenter is missing, and netlink not wanted': {
    surroundings: without('nsenter'),
    call: byPrograms,
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
  'state where no directory can be made': {
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
