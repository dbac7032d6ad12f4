/** What the manual says that no definition knows. */

import type { codes } from '../../../cni/errors.ts'

export const errors: Readonly<Record<keyof typeof codes, string>> = {
  incompatibleVersion: 'cniVersion or verb not supported',
  unsupportedField: 'a field or value that is not taken',
  unknownContainer: 'the container is not known',
  badEnvironment: 'a `CNI_*` variable is missing or wrong',
  io: 'reading or writing failed, state included',
  decode: "stdin, or a delegate's answer, is not JSON",
  badConfig: 'bad configuration',
  badNetns: 'no network namespace, or our own',
  tryAgain: 'busy: try again',
  notReady: 'STATUS: cannot serve ADD',
  limited: 'STATUS: cannot serve ADD, and existing containers may suffer',
  command: '`ip`, `nft` or another tool said no',
  poolExhausted: 'no address is free',
  addressTaken: "the requested address is somebody else's",
  nameTaken: 'the interface name exists in the container',
  foreign: 'what stands under our name is not ours, or not what it must be',
  bridgeFull: 'the bridge is full: a Linux bridge takes 1,023 ports',
  differs: 'CHECK: the machine is not as ADD left it',
  toolMissing: 'a program or delegate plugin is not installed',
  denied: 'not root, or a capability is missing',
  several: 'DEL, GC: more than one thing failed',
  portTaken: "a port of the host is another container's, or a process listens there",
  internal: 'a fault of vethwork',
}

export const environment: Readonly<Record<string, string>> = {
  CNI_COMMAND: 'ADD, DEL, CHECK, GC, STATUS or VERSION: called by a runtime',
  'CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS, CNI_PATH':
    'of the specification; `vethwork plan` takes them where no flag says otherwise',
  NETCONFPATH: 'where networks are configured, instead of /etc/cni/net.d',
  NO_COLOR: 'any value: no colour on terminals',
  VETHWORK_NETLINK: '`iproute2`: programs do what otherwise messages to the kernel do',
  VETHWORK_STATE_DIR: 'where state is kept, instead of /var/lib/vethwork',
  VETHWORK_HOST_FILE: 'instead of /etc/vethwork/host.json',
  VETHWORK_TRACE: '`1`: a line of JSON on stderr for each step',
}

export const files: Readonly<Record<string, string>> = {
  '/etc/cni/net.d/': 'networks, one file each',
  '/etc/vethwork/host.json': "this host's name, its `physicalNetworks` and its part of shared subnets",
  '/var/lib/vethwork/': 'leases, and what ADD was called with; root only',
  '/etc/cni/tuning/allowlist.conf': 'kernel parameters that may be set, a regular expression a line',
}

export const seeAlso = ['ip(8)', 'bridge(8)', 'nft(8)', 'containerd(8)', 'podman(1)']
