/** `vethwork ps`: who is attached; touch nothing. */

import type { CommandModule } from 'yargs'
import type { AttachmentSeen } from '../../linux/attachments.ts'
import { type Cell, table } from '../table.ts'
import { print, show } from '../terminal.ts'
import { ago, portWords, ratesWords, shortId } from '../words.ts'

interface Flags {
  network?: string
  quiet?: boolean
  json?: boolean
}

export const ps: CommandModule<object, Flags> = {
  command: 'ps [network]',
  describe: 'list the attachments: who is plugged in where, since when, and whether it lives',
  builder: yargs =>
    yargs
      .positional('network', { type: 'string', describe: 'only those of this network' })
      .options({
        quiet: { alias: 'q', type: 'boolean', describe: 'only the container IDs, whole' },
        json: { type: 'boolean', describe: 'as a JSON array' },
      })
      .example('$0 ps', 'all attachments of this host')
      .example('$0 ps web --json', 'those of the network web, with all that is known'),
  async handler({ network, quiet, json }) {
    const { seeAttachments } = await import('../../linux/attachments.ts')
    const all = await seeAttachments()
    const seen = network === undefined ? all : all.filter(({ owner }) => owner.network === network)
    if (quiet && !json) {
      const ids = new Set(seen.map(({ owner }) => owner.containerId))
      if (ids.size) print([...ids].join('\n'))
    } else show(json, seen.map(asJson), () => listing(seen, Date.now()))
  },
}

const asJson = ({ records, ...seen }: AttachmentSeen) => ({
  ...seen,
  plugins: records.map(({ plugin }) => plugin),
})

const HEAD: readonly Cell[] = [
  ['CONTAINER', 'INTERFACE'],
  ['NETWORK', 'HOST VETH'],
  ['ADDRESSES', 'MAC'],
  ['PORTS', 'RATES'],
  ['STATE', 'SINCE'],
]

/** @param now milliseconds since 1970 */
export const listing = (seen: readonly AttachmentSeen[], now: number): string =>
  seen.length ? table(HEAD, seen.map(row(now))) : 'Nobody is attached to a network of vethwork on this host.'

const row =
  (now: number) =>
  ({ owner, life, since, addresses, mac, port, wants }: AttachmentSeen): Cell[] => [
    [shortId(owner.containerId), owner.ifname],
    [owner.network, port ?? '-'],
    [...addresses, mac ?? '-'],
    [...wants.ports.map(portWords), ratesWords(wants.rates)].filter(Boolean),
    [life, since ? ago(since, now) : '-'],
  ]
