/** All that can be wrong, as far as it can be seen on a host: how bad it is, why it matters, and where others met it. */

export interface Ailment {
  /** `error`: containers suffer now. `warning`: they will, or some do. `note`: good to know. */
  readonly severity: 'error' | 'warning' | 'note'
  /** One sentence. */
  readonly why: string
  /** `plugins#252`: whose issue, and its number. */
  readonly thread?: string
}

export const ailments = {
  // Containers
  'container-address-missing': {
    severity: 'error',
    why: 'nobody reaches the container, and it reaches nobody',
  },
  'container-interface-down': { severity: 'error', why: 'nothing gets in or out of the container' },
  'container-mac-differs': {
    severity: 'note',
    why: 'CHECK fails, unless a later plugin of the chain (tuning) changed it',
  },
  'container-mtu-differs': {
    severity: 'warning',
    why: 'one end of a cable drops what the other takes for small enough: large transfers hang',
    thread: 'flannel#463',
  },
  'container-route-missing': {
    severity: 'error',
    why: 'the container does not reach what lies behind its gateway',
  },
  'container-unseen': { severity: 'warning', why: 'whether it is as it should be cannot be said' },
  'duplicate-address': {
    severity: 'error',
    why: 'whoever answers last gets the packets: connections break at random',
    thread: 'podman#18753',
  },

  // Cables and bridges
  'bridge-down': { severity: 'error', why: 'no container of the network reaches anything' },
  'bridge-full': {
    severity: 'warning',
    why: 'a Linux bridge takes 1,023 ports: the next ADD will fail',
    thread: 'plugins#282',
  },
  'bridge-mac-changed': {
    severity: 'warning',
    why: 'containers send to the MAC address that they remember of their gateway',
    thread: 'flannel#1155',
  },
  'bridge-missing': { severity: 'error', why: 'no container of the network reaches anything' },
  'cable-down': { severity: 'error', why: 'the container is as good as unplugged' },
  'cable-missing': { severity: 'error', why: 'the container has no network' },
  'cable-unplugged': { severity: 'error', why: 'the container is in no network, or in the wrong one' },
  'gateway-address-missing': { severity: 'error', why: 'the containers do not find their gateway' },
  'link-foreign': {
    severity: 'error',
    why: 'what stands under the name is not as the network needs it, and is not ours to change',
    thread: 'libnetwork#562',
  },
  'mtu-changed': {
    severity: 'warning',
    why: 'what is larger is dropped on the way, and large transfers hang',
    thread: 'flannel#463',
  },
  'port-setting-changed': {
    severity: 'warning',
    why: 'hairpin and isolation of a port decide which neighbours a container reaches',
    thread: 'k8s#20475',
  },
  'rate-limit-missing': { severity: 'warning', why: 'the container takes more of the line than it may' },
  'stale-fdb-entry': { severity: 'error', why: 'the bridge sends what is for the container elsewhere' },
  'stale-neighbour': {
    severity: 'error',
    why: 'the host sends what is for the container to a MAC address that is not its own',
    thread: 'plugins#756',
  },

  // Ways out
  'checksum-offload-on': {
    severity: 'warning',
    why: 'some network cards spoil the checksums in a tunnel: TCP stalls, ping works',
    thread: 'flannel#1282',
  },
  'mtu-above-underlay': {
    severity: 'error',
    why: 'what is as large as the tunnel allows does not fit through the underlay, and large transfers hang',
    thread: 'flannel#463',
  },
  'tunnel-peer-missing': {
    severity: 'error',
    why: 'broadcasts, ARP among them, do not reach the other host',
  },
  'underlay-down': { severity: 'error', why: 'the network ends at this host' },
  'underlay-missing': { severity: 'error', why: 'the network ends at this host' },
  'underlay-without-carrier': { severity: 'error', why: 'the network ends at this host' },
  'uplink-differs': {
    severity: 'error',
    why: 'the containers are in another VLAN or tunnel than their network, or in none',
    thread: 'libnetwork#945',
  },
  'uplink-down': { severity: 'error', why: 'the network ends at this host' },
  'uplink-missing': { severity: 'error', why: 'the network ends at this host' },
  'uplink-unplugged': { severity: 'error', why: 'the network ends at this host' },

  // Rules
  'br-netfilter': {
    severity: 'note',
    why: 'what goes from one container to another on a bridge passes the rules for forwarded packets; ours leave it alone',
    thread: 'k8s#24018',
  },
  'elements-stray': {
    severity: 'warning',
    why: 'the next owner of the same interface or address would inherit rights',
  },
  'firewalld-zone-missing': {
    severity: 'error',
    why: 'firewalld rejects what comes by an interface that is in no zone of its own',
    thread: 'netavark#230',
  },
  'firewalls-mixed': {
    severity: 'warning',
    why: 'packets pass both, while each command shows its own alone',
    thread: 'cilium#28260',
  },
  'foreign-chain-drops': {
    severity: 'error',
    why: 'every base chain must let a packet pass: an accept in a table of ours would not help',
    thread: 'plugins#430',
  },
  'foreign-rule-drops': {
    severity: 'error',
    why: 'every base chain must let a packet pass: an accept in a table of ours would not help',
    thread: 'flannel#799',
  },
  'forward-drop': {
    severity: 'error',
    why: 'the host drops what goes from containers to elsewhere and back (Docker leaves it so)',
    thread: 'flannel#799',
  },
  'isolation-missing': { severity: 'error', why: 'networks that are to be kept apart reach each other' },
  'masquerade-missing': {
    severity: 'error',
    why: 'the outside gets packets with addresses to which it has no route, and cannot answer',
    thread: 'netavark#230',
  },
  'port-listened-on': {
    severity: 'warning',
    why: 'what comes to the port goes to the container: the process waits in vain',
  },
  'port-map-missing': { severity: 'error', why: 'a published port leads nowhere', thread: 'netavark#230' },
  'port-taken': { severity: 'error', why: 'a published port leads to somebody else' },
  'rules-missing': {
    severity: 'error',
    why: 'a service of the network does not work',
    thread: 'netavark#230',
  },
  'security-group-missing': { severity: 'error', why: 'the container is open, or closed, to the wrong ones' },
  'spoof-check-missing': { severity: 'error', why: 'a container may send with the addresses of others' },

  // The host's settings
  'accept-ra-off': {
    severity: 'warning',
    why: 'a forwarding host ignores router advertisements: its IPv6 default route will expire',
    thread: 'moby#43466',
  },
  'forwarding-off': { severity: 'error', why: 'no packet passes from the containers to elsewhere' },
  'rp-filter-strict': {
    severity: 'note',
    why: 'what comes by an interface by which no answer would leave is dropped: a published port is dead there',
  },
  'setting-changed': { severity: 'warning', why: 'the network relies on it' },
  'subnet-overlaps': {
    severity: 'error',
    why: 'the host has two ways to the same addresses and takes one of them, which is wrong for the other',
  },

  // What is remembered
  'attachment-stale': {
    severity: 'warning',
    why: 'its addresses and rules are held by nobody: the pool runs dry',
    thread: 'plugins#1047',
  },
  'leases-earlier-boot': {
    severity: 'note',
    why: 'they are free: the next ADD of the network takes them away',
    thread: 'plugins#252',
  },
  'network-unused': {
    severity: 'note',
    why: 'it has no container any more, but its bridge and rules are still here',
    thread: 'plugins#282',
  },
  'pool-empty': { severity: 'warning', why: 'the next ADD will fail', thread: 'containerd#12923' },
  'pool-low': { severity: 'warning', why: 'soon ADD will fail', thread: 'plugins#1047' },
  'record-damaged': {
    severity: 'warning',
    why: 'what ADD was asked for is forgotten: repair cannot mend that container',
    thread: 'containerd#8197',
  },
  'state-damaged': {
    severity: 'warning',
    why: 'who has which address stands nowhere until it is rebuilt from the kernel',
    thread: 'cni#1055',
  },
  'state-open': {
    severity: 'warning',
    why: 'whoever may write there may take addresses, and rights, of others',
  },

  // Programs
  'daemon-takes-over': {
    severity: 'warning',
    why: 'it gives interfaces of ours other MAC addresses, or takes their addresses away',
    thread: 'cni#77',
  },
  'driver-iproute2': {
    severity: 'note',
    why: 'each look and each change is a program: slower; and nobody on the wire is asked who has an address',
  },
  'engine-bun': { severity: 'note', why: 'each ADD and DEL takes 10 ms longer to begin' },
  'plugin-differs': {
    severity: 'warning',
    why: 'runtimes call that one: what is mended here it may not know',
  },
  'rights-missing': {
    severity: 'error',
    why: 'without them hardly anything can be seen, and nothing mended',
  },
  'tool-missing': { severity: 'warning', why: 'the next ADD or DEL that needs it will fail' },
} as const satisfies Readonly<Record<string, Ailment>>

export type AilmentId = keyof typeof ailments
