/** Fields that exclude or need each other. */

import type { NetConf } from '../src/networks/network.ts'
import { watching } from '../src/services/isolation.ts'
import { nothingWanted, type Wants } from '../src/services/wants.ts'
import { CniError, codes } from './errors.ts'
import type { Ipam } from './ipamconf.ts'
import { unmet } from './needs.ts'
import { refuseHalfRates } from './rates.ts'
import { parseSysctls } from './tuningconf.ts'

/** Each rule: what it looks for, and what it says. */
interface Rule {
  readonly broken: (net: NetConf, ipam: Ipam) => boolean
  readonly message: (net: NetConf) => string
  readonly remedy: string
}

const isMulticast = (address: string) => /^(22[4-9]|23\d)\.|^ff/i.test(address)

const rules: readonly Rule[] = [
  {
    broken: net => ['macvlan', 'ipvlan', 'vlanlink'].includes(net.mode) && watching(net) !== undefined,
    message: net => `mode: "${net.mode}" excludes ${watching(net)}`,
    remedy: 'its containers have no port on the host: use one with a bridge',
  },
  {
    broken: ({ vlanTrunk, securityGroups, ipspoofchk }) =>
      vlanTrunk.length > 0 && (securityGroups !== undefined || ipspoofchk),
    message: net => `vlanTrunk excludes ${watching(net)}`,
    remedy: 'what is tagged is not looked at: give each VLAN a network of its own',
  },
  {
    broken: ({ mode, ipspoofchk }, ipam) => mode !== 'chained' && ipspoofchk && ipam.kind === 'none',
    message: () => 'ipspoofchk needs addresses',
    remedy: 'add "subnet": "10.22.0.0/24" or an "ipam" section, or leave it out',
  },
  {
    broken: ({ hairpinMode, promiscMode }) => hairpinMode && promiscMode,
    message: () => 'hairpinMode: true excludes promiscMode: true',
    remedy: 'set one of them to false: both would give each frame twice',
  },
  {
    broken: ({ disableContainerInterface }, ipam) => disableContainerInterface && ipam.kind !== 'none',
    message: () => 'disableContainerInterface: true excludes ipam',
    remedy: 'an interface that is down has no address: leave one of them out',
  },
  {
    broken: ({ mode, vlan, vlanTrunk }) => mode !== 'bridge' && (vlan > 0 || vlanTrunk.length > 0),
    message: ({ mode }) => `mode: "${mode}" excludes vlan and vlanTrunk`,
    remedy: 'they are for a VLAN-aware bridge, without a mode; a VLAN of a trunk is mode "vlan" with vlanId',
  },
  {
    broken: ({ mode, isGateway, ipMasq }) => mode === 'local' && (isGateway || ipMasq),
    message: ({ ipMasq }) => `mode: "local" excludes ${ipMasq ? 'ipMasq' : 'isGateway'}: true`,
    remedy: 'a local network has no way out: use mode "nat"',
  },
  {
    broken: ({ mode, anycastGateway, gatewayHost }) =>
      (anycastGateway && !['vlan', 'vxlan', 'gre'].includes(mode)) ||
      (gatewayHost !== '' && !['flat', 'vlan', 'vxlan', 'gre'].includes(mode)),
    message: ({ mode, anycastGateway }) =>
      `${anycastGateway ? 'anycastGateway' : 'gatewayHost'} has no meaning with mode: "${mode}"`,
    remedy: 'it is for networks that several hosts share: vlan, vxlan, gre, and gatewayHost for flat, too',
  },
  {
    broken: ({ anycastGateway, gatewayHost }) => anycastGateway && gatewayHost !== '',
    message: () => 'anycastGateway: true excludes gatewayHost',
    remedy: 'either every host is the gateway of its own containers, or one is the gateway of all',
  },
  {
    broken: ({ mode, group }) => mode === 'vxlan' && group !== '' && !isMulticast(group),
    message: ({ group }) => `group: "${group}" is no multicast address`,
    remedy: 'use one of 239.0.0.0/8 or ff05::/16, or list the other hosts in peers',
  },
  {
    broken: ({ mode, txChecksum }) => mode !== 'vxlan' && txChecksum !== undefined,
    message: () => 'txChecksum is for mode: "vxlan"',
    remedy: 'leave it out',
  },
  {
    broken: ({ mode, group, master, physicalNetwork }) =>
      mode === 'vxlan' && group !== '' && !master && !physicalNetwork,
    message: () => 'group needs master',
    remedy: 'name the interface on which the group is joined',
  },
  {
    broken: ({ mode, isGateway, ipMasq }) =>
      ['macvlan', 'ipvlan', 'vlanlink'].includes(mode) && (isGateway || ipMasq),
    message: ({ mode }) => `mode: "${mode}" excludes isGateway and ipMasq`,
    remedy: 'the gateway is on the physical network: give it in the ipam section',
  },
  {
    broken: ({ mode, macvlanMode, mac }) =>
      mac !== '' && (mode === 'ipvlan' || (mode === 'macvlan' && macvlanMode === 'passthru')),
    message: ({ mode }) => `mode: "${mode}" excludes mac`,
    remedy: "its MAC address is its master's",
  },
  {
    broken: ({ mode, isGateway, ipMasq }, ipam) =>
      mode === 'chained' && (isGateway || ipMasq || ipam.kind !== 'none'),
    message: ({ isGateway, ipMasq }) =>
      `mode: "chained" excludes ${ipMasq ? 'ipMasq' : isGateway ? 'isGateway' : 'ipam and subnet'}`,
    remedy: 'that is of the plugin which makes the interface, the first of the list',
  },
  {
    broken: ({ disableContainerInterface, sourceRouting }) => disableContainerInterface && sourceRouting,
    message: () => 'disableContainerInterface: true excludes sourceRouting: true',
    remedy: 'an interface that is down has no routes: leave one of them out',
  },
  {
    broken: ({ unshapedSubnets, shapedSubnets }) => unshapedSubnets.length > 0 && shapedSubnets.length > 0,
    message: () => 'unshapedSubnets excludes shapedSubnets',
    remedy: 'what is in neither is shaped with the first, and is not with the second: give one',
  },
]

/** DEL and GC do not ask: what was refused left nothing, and must not be stuck. */
export const refuseContradictions = (net: NetConf, ipam: Ipam, { rates }: Wants = nothingWanted) => {
  const need = unmet(net, ipam)
  if (need) throw new CniError(codes.badConfig, `mode: "${net.mode}" needs ${need.what}`, need.remedy)
  const rule = rules.find(({ broken }) => broken(net, ipam))
  if (rule) throw new CniError(codes.badConfig, rule.message(net), rule.remedy)
  refuseHalfRates(rates)
  parseSysctls(net.sysctl)
}
