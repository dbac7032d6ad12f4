import { expect, test } from '@jest/globals'
import { line } from '../../../../src/cli/commands/events.ts'
import { begin, type Event, GRACE, watchOn } from '../../../../src/cli/events/changes.ts'
import { type Sight, sightOf } from '../../../../src/cli/events/sight.ts'
import type { AttachmentSeen, Life } from '../../../../src/linux/attachments.ts'
import { networkAlias, ownerComment } from '../../../../src/networks/marks.ts'
import type { ObservedTable } from '../../../../src/plan/observed.ts'
import { nothingWanted } from '../../../../src/services/wants.ts'
import { aLink } from '../../../helpers/descriptions.ts'

const attachment = (containerId: string, life: Life, since = '2026-11-20T12:00:00Z'): AttachmentSeen => ({
  owner: { network: 'web', containerId, ifname: 'eth0' },
  life,
  since,
  addresses: ['10.22.0.2/24'],
  wants: nothingWanted,
  records: [],
})
const bridge = aLink('br-web', { type: 'bridge', alias: networkAlias('web'), mtu: 1500, up: true })
const one = attachment('c1', 'alive')
const element = { key: 'veth1', comment: ownerComment(one.owner) }
const table = (rules: string[], elements = [element]): ObservedTable => ({
  chains: new Map([['masquerade/web', rules]]),
  sets: new Map([['macspoofchk-ports/web', elements]]),
})
const forwarding = new Map([['net/ipv4/ip_forward', '1']])

const sight = ({
  attachments = [one],
  links = [bridge],
  tables = [['inet vethwork', table(['web a', 'web b'])]] as const,
  sysctls = forwarding,
}: Partial<{
  attachments: readonly AttachmentSeen[]
  links: Parameters<typeof sightOf>[1]
  tables: Parameters<typeof sightOf>[2]
  sysctls: ReadonlyMap<string, string>
}> = {}): Sight => sightOf(attachments, links, tables, sysctls)

/** What is told of looks at these times. */
const told = (...looks: readonly (readonly [number, Sight])[]) => {
  let watched = begin(looks[0]![1])
  return looks.slice(1).flatMap(([now, seen]) => {
    const { watched: next, events } = watchOn(watched, seen, now)
    watched = next
    return events
  })
}
const short = ({ event, containerId, what, from, to, byOthers }: Event) =>
  [event, containerId ?? what, from, to, byOthers && 'others'].filter(Boolean).join(' ')

const settled = (seen: Sight) => told([0, sight()], [1, seen], [1 + GRACE, seen]).map(short)

test('nothing happened: nothing is told', () => {
  expect(settled(sight())).toEqual([])
})

test('ADD and DEL are told at once, and once', () => {
  const two = sight({ attachments: [one, attachment('c2', 'alive')] })
  expect(told([0, sight()], [10, two], [20, two], [30, sight()], [40, sight()]).map(short)).toEqual([
    'ADD c2',
    'DEL c2',
  ])
})

test('on its way in or out it is nothing yet', () => {
  const half = (life: Life) => sight({ attachments: [one, attachment('c2', life)] })
  const events = told(
    [0, sight()],
    [10, half('unplugged')],
    [50, half('down')],
    [90, half('alive')],
    [100, half('unplugged')],
    [150, sight()],
  )
  expect(events.map(short)).toEqual(['ADD c2', 'DEL c2'])
})

test('taken away and added again between two looks: both are told', () => {
  const again = sight({ attachments: [attachment('c1', 'alive', '2026-11-20T12:30:00Z')] })
  expect(told([0, sight()], [10, again]).map(short).sort()).toEqual(['ADD c1', 'DEL c1'])
})

const cases: readonly [string, Parameters<typeof sight>[0], string[]][] = [
  ['its cable is gone', { attachments: [attachment('c1', 'unplugged')] }, ['STATE c1 alive unplugged']],
  ['the MTU of the bridge', { links: [{ ...bridge, mtu: 1400 }] }, ['CHANGED br-web, MTU 1500 1400 others']],
  ['the bridge is gone: its properties say nothing', { links: [] }, ['REMOVED the bridge br-web others']],
  [
    'a rule is gone',
    { tables: [['inet vethwork', table(['web a'])]] },
    ['CHANGED the nft chain masquerade/web in inet vethwork 2 rules 1 rules others'],
  ],
  [
    'an element of one who is still attached',
    { tables: [['inet vethwork', table(['web a', 'web b'], [])]] },
    ['REMOVED veth1 in the nft set macspoofchk-ports/web others'],
  ],
  [
    'forwarding is the host’s',
    { sysctls: new Map([['net/ipv4/ip_forward', '0']]) },
    ['CHANGED net.ipv4.ip_forward 1 0'],
  ],
]
test.each(cases)('%s', (_, change, expected) => {
  expect(settled(sight(change))).toEqual(expected)
})

test('with the last container gone it is not somebody else’s doing', () => {
  const gone = sight({ attachments: [], links: [], tables: [] })
  expect(settled(gone).sort()).toEqual([
    'DEL c1',
    'REMOVED the bridge br-web',
    'REMOVED the nft chain masquerade/web in inet vethwork',
  ])
})

test('what comes back in time was nothing', () => {
  const other = sight({ links: [] })
  expect(told([0, sight()], [10, other], [20, sight()], [30, other], [20 + GRACE, other])).toEqual([])
})

test('a line for people', () => {
  const [event] = told([0, sight({ attachments: [] })], [Date.parse('2026-11-20T20:06:31Z'), sight()])
  expect(line(event!)).toBe('20:06:31  ADD      c1 eth0 on web  10.22.0.2/24')
})
