/** What is remembered: of containers that are gone, of files that are damaged, and how much of a pool is left. Pure. */

import { parseAddress } from '../../../../ipam/address.ts'
import { isIn, nameOf, sizeOf } from '../../../../ipam/range.ts'
import type { DamagedFile } from '../../../linux/statefiles.ts'
import { ownerWords, shortId } from '../../words.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'

export const stale = ({ collection }: HostSeen): Finding[] => [
  ...collection.collected.map(({ owner, addresses }) =>
    finding('attachment-stale', {
      object: `${shortId(owner.containerId)} ${owner.ifname}`,
      what: `container ${ownerWords(owner)}: its namespace is gone, and it still has ${addresses.join(' and ') || 'something'}`,
      fix: 'vethwork gc',
      mend: 'gc',
    }),
  ),
  ...(collection.strays.length
    ? [
        finding('elements-stray', {
          object: 'nft',
          what: `${collection.strays.length} elements of our nft sets are nobody's`,
          fix: 'vethwork gc',
          mend: 'gc',
        }),
      ]
    : []),
]

/** Less than a tenth left, or the last one. */
export const pools = ({ pools }: HostSeen): Finding[] =>
  pools.flatMap(({ network, sets, leased }) => {
    const addresses = leased.map(parseAddress)
    return sets.flatMap(set => {
      const size = set.ranges.reduce((sum, range) => sum + sizeOf(range, set.gateways), 0n)
      const used = BigInt(addresses.filter(one => set.ranges.some(range => isIn(range, one))).length)
      const left = size - used
      if (left * 10n >= size && left > 1n) return []
      const what = `network ${network}: of ${size} addresses (${set.ranges.map(nameOf).join(', ')}) ${left} ${left === 1n ? 'is' : 'are'} free`
      const fix = `stop containers that nobody needs (\`vethwork ps ${network}\`), or add a range to its ipam section`
      return [finding(left > 0n ? 'pool-low' : 'pool-empty', { object: network, what, fix })]
    })
  })

export const files = ({ files, looked }: HostSeen): Finding[] => [
  ...(files.open === undefined
    ? []
    : [
        finding('state-open', {
          object: files.directory,
          what: `${files.directory} is open to others (mode ${files.open.toString(8)})`,
          fix: `chmod 700 ${files.directory}`,
          mend: { chmod: files.directory },
        }),
      ]),
  ...files.damaged.map(file => damaged(file, looked)),
  ...files.earlier.map(network =>
    finding('leases-earlier-boot', {
      object: network,
      what: `network ${network}: its leases are of an earlier boot`,
      fix: 'nothing: they are free',
    }),
  ),
]

const damaged = ({ path, network, of }: DamagedFile, looked: HostSeen['looked']): Finding => {
  const object = path
  if (of === 'host')
    return finding('state-damaged', {
      object,
      what: `${path} is damaged`,
      why: 'whatever needs it fails: ADD of networks with an ID out of a range, prune, uninstall',
      fix: `rm ${path}   # what it remembers is lost`,
    })
  const what = `network ${network}: ${path} is damaged`
  if (of === 'attachment')
    return finding('record-damaged', {
      object,
      what,
      fix: `rm ${path}   # and DEL and ADD its container when that is possible`,
    })
  // Who leases next rebuilds it; nobody can be asked for it where nobody lives.
  const isMended = looked.some(({ record }) => record.owner.network === network && record.call)
  return isMended
    ? finding('state-damaged', { object, what, fix: 'vethwork doctor --fix', mend: { leases: network } })
    : finding('state-damaged', { object, what, fix: 'nothing: the next ADD rebuilds it from the kernel' })
}
