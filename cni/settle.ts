/** A configuration that serves every host, settled on this one: interface names, MTU, IDs out of a range. */

import { type HostFile, readHostFile } from '../src/linux/hostfile.ts'
import { chosenId } from '../src/linux/ids.ts'
import { underlayOf } from '../src/linux/underlay.ts'
import { fitted } from '../src/networks/mtu.ts'
import type { NetConf } from '../src/networks/network.ts'
import { HOST, type Netns } from '../src/plan/netns.ts'
import { CniError, codes } from './errors.ts'

/**
 * @param netns the container's namespace, for a master that is in there
 * @param dryRun remember nothing
 * @throws CniError(badConfig) for a label that this host does not know, a master that is missing, an MTU that does not fit
 */
export const settle = async (conf: NetConf, netns?: Netns, dryRun = false): Promise<NetConf> => {
  if (!leadsOut.includes(conf.mode)) return conf
  const host = readHostFile()
  // Where another host is the gateway this one neither routes nor masquerades for the network.
  const isOther = conf.gatewayHost !== '' && conf.gatewayHost !== host.name
  const named = {
    ...conf,
    master: masterOf(conf, host),
    isGateway: conf.isGateway && !isOther,
    ipMasq: conf.ipMasq && !isOther,
  }
  const chosen = { ...named, ...(await idsOf(named, dryRun)) }
  const underlay = await underlayOf(chosen, (conf.linkInContainer && netns) || HOST)
  return fitted({ ...chosen, master: underlay.name }, underlay)
}

const leadsOut: readonly NetConf['mode'][] = ['flat', 'vlan', 'vxlan', 'gre', 'macvlan', 'ipvlan', 'vlanlink']

const masterOf = ({ master, physicalNetwork }: NetConf, { physicalNetworks }: HostFile) => {
  if (!physicalNetwork) return master
  const found = physicalNetworks[physicalNetwork]
  if (found) return found
  throw new CniError(
    codes.badConfig,
    `physicalNetwork: "${physicalNetwork}" is not known on this host`,
    `/etc/vethwork/host.json names ${Object.keys(physicalNetworks).join(', ') || 'none'}: add it to "physicalNetworks"`,
  )
}

const idsOf = async ({ name, mode, vlanId, vlanIdRange, vni, vniRange }: NetConf, dryRun: boolean) => {
  if (['vlan', 'vlanlink'].includes(mode) && !vlanId)
    return { vlanId: await chosenId('vlanId', name, vlanIdRange, dryRun) }
  if (mode === 'vxlan' && !vni) return { vni: await chosenId('vni', name, vniRange, dryRun) }
  return {}
}
