/** What stands in the way of a network and is not as it must be; and what could not be looked at. Pure. */

import type { Obstacle } from '../../../plan/plan.ts'
import { ownerWords, shortId } from '../../words.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'
import { networksOf } from '../networks.ts'

export const obstacles = (host: HostSeen): Finding[] => {
  const uplinks = new Set(networksOf(host).flatMap(({ ways }) => ways.map(({ name }) => name)))
  return host.looked.flatMap(one => {
    const { owner } = one.record
    if (!('failure' in one)) return one.obstacles.map(obstacle => inTheWay(obstacle, owner.network, uplinks))
    const said = one.failure instanceof Error ? one.failure.message : String(one.failure)
    const fix = (one.failure as { details?: string }).details || 'DEL it and ADD it again'
    // Its configuration names an interface of the host that is not there: that is the network's affair.
    if (/^(master|local): /.test(said))
      return [
        finding('underlay-missing', {
          object: owner.network,
          what: `network ${owner.network}: ${said}`,
          fix,
        }),
      ]
    if (/^mtu: /.test(said))
      return [
        finding('mtu-above-underlay', {
          object: owner.network,
          what: `network ${owner.network}: ${said}`,
          fix,
        }),
      ]
    const what = `container ${ownerWords(owner)}: ${said}`
    return [
      finding('container-unseen', { object: `${shortId(owner.containerId)} ${owner.ifname}`, what, fix }),
    ]
  })
}

const inTheWay = ({ of, error }: Obstacle, network: string, uplinks: ReadonlySet<string>): Finding => {
  const what = `network ${network}: ${error.message}`
  if (of.kind === 'link') {
    const isWay = uplinks.has(of.name)
    return finding(isWay ? 'uplink-differs' : 'link-foreign', {
      object: of.name,
      what,
      fix: `ip link del dev ${of.name} && vethwork repair ${network}`,
    })
  }
  if (of.kind === 'hostport' || of.kind === 'element')
    return finding('port-taken', { object: network, what, fix: error.details })
  return finding('link-foreign', {
    object: 'dev' in of ? (of.dev ?? network) : network,
    what,
    fix: error.details,
  })
}
