/** The configuration of the network plugin: CNI's fields, the reference `bridge` plugin's, ours. */

// biome-ignore lint/style/noRestrictedImports: one of the schemas
import * as v from 'valibot'
import { dns, fields, flag, integer, interfaceName, mac, object, record, texts } from './fields.ts'
import { ipRanges } from './ipam.ts'
import { isolation } from './isolation.ts'
import { logging } from './logging.ts'
import { portMapping, ports } from './ports.ts'
import { rates, shaping } from './shaping.ts'
import { tuning } from './tuning.ts'

export const label = object({ key: v.string(), value: v.string() })

/** `args.cni` (CONVENTIONS.md), and what the reference `tuning` takes from there; other keys pass. */
export const args = object({
  ips: v.optional(texts),
  mac: v.optional(mac),
  labels: v.optional(v.array(label)),
  sysctl: tuning.sysctl,
  mtu: tuning.mtu,
  promisc: tuning.promisc,
  allmulti: tuning.allmulti,
})

/** Fields of the specification (section 1), those a runtime adds, and what editors look for. */
export const protocol = {
  $schema: v.optional(v.string()),
  cniVersion: v.optional(v.string()),
  cniVersions: v.optional(texts),
  name: v.string(),
  type: v.optional(v.string()),
  disableCheck: flag,
  disableGC: flag,
  capabilities: v.optional(record(v.boolean())),
  runtimeConfig: v.optional(object({})),
  args: v.optional(object({ cni: v.optional(args) })),
  prevResult: v.optional(object({})),
  dns: v.optional(dns),
  ipam: v.optional(object({ type: v.optional(v.string()) })),
}

const subnet = v.union(
  [v.string(), v.array(v.string())],
  'must be a subnet as 10.22.0.0/24, or a list of them',
)

const modes = [
  'nat',
  'local',
  'flat',
  'vlan',
  'vxlan',
  'gre',
  'macvlan',
  'ipvlan',
  'vlanlink',
  'chained',
] as const

const vlanId = v.optional(integer(1, 4094))

/** An ID, or the range out of which one is chosen. */
const idRange = v.pipe(v.string(), v.regex(/^\d{1,8}-\d{1,8}$/, 'must be a range as 3001-4000'))

export const vlans = object({ id: vlanId, minID: vlanId, maxID: vlanId })

export const network = fields({
  ...protocol,
  mode: v.optional(
    v.picklist(modes, `must be one of ${modes.join(', ')}, or be left out for a plain bridge`),
  ),
  subnet: v.optional(subnet),
  bridge: v.optional(interfaceName),
  isGateway: flag,
  isDefaultGateway: flag,
  forceAddress: flag,
  ipMasq: flag,
  ipMasqBackend: v.optional(v.picklist(['iptables', 'nftables'], "must be 'nftables' or 'iptables'")),
  hairpinMode: flag,
  promiscMode: flag,
  vlan: v.optional(integer(0, 4094)),
  vlanTrunk: v.optional(v.array(vlans)),
  preserveDefaultVlan: flag,
  enabledad: flag,
  disableContainerInterface: flag,
  portIsolation: flag,
  master: v.optional(interfaceName),
  physicalNetwork: v.optional(v.string()),
  vlanId,
  vlanIdRange: v.optional(idRange),
  vni: v.optional(integer(1, 16777215)),
  vniRange: v.optional(idRange),
  key: v.optional(integer(0, 4294967295)),
  local: v.optional(v.string()),
  group: v.optional(v.string()),
  peers: v.optional(texts),
  port: v.optional(integer(1, 65535)),
  learning: flag,
  txChecksum: flag,
  macvlanMode: v.optional(v.picklist(['bridge', 'vepa', 'private', 'passthru'])),
  ipvlanMode: v.optional(v.picklist(['l2', 'l3', 'l3s'])),
  bcqueuelen: v.optional(integer(0, 4294967295)),
  linkInContainer: flag,
  anycastGateway: flag,
  gatewayHost: v.optional(v.string()),
  ...ports,
  ...shaping,
  ...isolation,
  ...tuning,
  ...logging,
})

export const bandwidth = fields(rates)

export const runtimeDns = fields({
  servers: v.optional(texts),
  searches: v.optional(texts),
  options: v.optional(texts),
})

/** What the runtime asks for this one attachment (CONVENTIONS.md of the specification). Other capabilities pass. */
export const runtimeConfig = v.looseObject({
  mac: v.optional(mac),
  ips: v.optional(texts),
  ipRanges: v.optional(ipRanges),
  portMappings: v.optional(v.array(portMapping)),
  bandwidth: v.optional(bandwidth),
  dns: v.optional(runtimeDns),
  aliases: v.optional(texts),
  securityGroups: v.optional(texts),
  'io.kubernetes.cri.pod-annotations': v.optional(record(v.string())),
})
