/** What is remembered: of containers that are gone, of files that are damaged, and how much of a pool is left. Pure. */

import { parseAddress } from '../../../../ipam/address.ts'
import { isIn, nameOf, sizeOf } from '../../../../ipam/range.ts'
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
  ...files.damaged.map(({ path, network, isRecord }) => {
    // Who leases next rebuilds it; nobody can be asked for it where nobody lives.
    const isMended = !isRecord && looked.some(({ record }) => record.owner.network === network && record.call)
    return finding(isRecord ? 'record-damaged' : 'state-damaged', {
      object: path,
      what: `network ${network}: ${path} is damaged`,
      fix: isRecord
        ? `rm ${path}   # and DEL and ADD its container when that is possible`
        : isMended
          ? 'vethwork doctor --fix'
          : 'nothing: the next ADD rebuilds it from the kernel',
      ...(isMended ? { mend: { leases: network } } : {}),
    })
  }),
  ...files.earlier.map(network =>
    finding('leases-earlier-boot', {
      object: network,
      what: `network ${network}: its leases are of an earlier boot`,
      fix: 'nothing: they are free',
    }),
  ),
]
