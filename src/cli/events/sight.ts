/** What `events` follows: every fact of ours on this host, as key and value. Looks; changes nothing. */

import { type AttachmentSeen, seeAttachments } from '../../linux/attachments.ts'
import { allLinks } from '../../linux/evidence.ts'
import { findTool } from '../../linux/exec.ts'
import { nftTable } from '../../linux/nft.ts'
import { readSysctls } from '../../linux/sysctl.ts'
import { ownerComment, ownerText, readNetworkAlias, TABLES } from '../../networks/marks.ts'
import { FORWARDING } from '../../plan/kinds/forwarding.ts'
import { HOST } from '../../plan/netns.ts'
import type { ObservedLink, ObservedTable } from '../../plan/observed.ts'
import { sysctlWords } from '../words.ts'

/** One fact. */
export interface Fact {
  readonly value: string
  /** `attachment` comes and goes with ADD and DEL; an `element` with its attachment. */
  readonly kind: 'attachment' | 'link' | 'property' | 'chain' | 'element' | 'host'
  /** In words, without the value: `br-web`, `the mtu of br-web`. */
  readonly what: string
  readonly network?: string
  /** Of an attachment and its elements. */
  readonly owner?: AttachmentSeen
}

export type Sight = ReadonlyMap<string, Fact>

export const look = async (): Promise<Sight> => {
  const [links, values] = [await allLinks(), await readSysctls(HOST, Object.values(FORWARDING))]
  const tables = (await findTool('nft'))
    ? await Promise.all(TABLES.map(async name => [name, await nftTable(name)] as const))
    : []
  // Last: whoever has rules was remembered before they were made.
  return sightOf(await seeAttachments(), links, tables, values)
}

export const sightOf = (
  attachments: readonly AttachmentSeen[],
  links: readonly ObservedLink[],
  tables: readonly (readonly [string, ObservedTable | undefined])[],
  sysctls: ReadonlyMap<string, string>,
): Sight => {
  const byComment = new Map(attachments.map(one => [ownerComment(one.owner), one]))
  return new Map([
    ...attachments.flatMap(attachmentFacts(links)),
    ...links.flatMap(linkFacts),
    ...tables.flatMap(([name, table]) => (table ? tableFacts(name, table, byComment) : [])),
    ...[...sysctls].map(
      ([key, value]) => [`host ${key}`, { value, kind: 'host', what: sysctlWords(key) }] as const,
    ),
  ])
}

type Facts = (readonly [string, Fact])[]

const attachmentFacts =
  (links: readonly ObservedLink[]) =>
  (one: AttachmentSeen): Facts => {
    const { owner, life, port } = one
    const { network } = owner
    // With its time: taken away and added again between two looks it is another one.
    const key = `attachment ${ownerText(owner)} ${one.since ?? ''}`
    const cable = links.find(({ name }) => name === port)
    const bridge = cable && `${key} bridge`
    return [
      [key, { value: life, kind: 'attachment', what: '', network, owner: one }],
      ...(cable && bridge
        ? [
            [
              bridge,
              { value: cable.master || 'none', kind: 'property', what: `the bridge of ${port}`, network },
            ] as const,
          ]
        : []),
    ]
  }

/** Of a network's own links: bridge, ways out. */
const linkFacts = ({ name, alias, type, up, mac, mtu, master, addresses }: ObservedLink): Facts => {
  const network = readNetworkAlias(alias)
  if (network === undefined) return []
  const properties = {
    state: up ? 'up' : 'down',
    MAC: mac,
    MTU: String(mtu),
    bridge: master || 'none',
    addresses:
      addresses
        .filter(({ scope }) => scope === 'global')
        .map(({ address }) => address)
        .join(' ') || 'none',
  }
  return [
    [`link ${name}`, { value: type, kind: 'link', what: `the ${type} ${name}`, network }],
    ...Object.entries(properties).map(
      ([what, value]) =>
        [`link ${name} ${what}`, { value, kind: 'property', what: `${name}, ${what}`, network }] as const,
    ),
  ]
}

const tableFacts = (
  table: string,
  { chains, sets }: ObservedTable,
  byComment: ReadonlyMap<string, AttachmentSeen>,
): Facts => [
  ...[...chains].map(([name, comments]): Facts[number] => [
    `chain ${table} ${name}`,
    {
      value: `${comments.length} rules: ${comments.join(', ')}`,
      kind: 'chain',
      what: `the nft chain ${name} in ${table}`,
      network: networkIn(name),
    },
  ]),
  ...[...sets].flatMap(([set, elements]) =>
    elements.map(({ key, comment, value = '' }): Facts[number] => [
      `element ${table} ${set} ${key}`,
      {
        value: `${comment} ${value}`,
        kind: 'element',
        what: `${key} in the nft set ${set}`,
        network: comment.split('/')[0],
        owner: byComment.get(comment),
      },
    ]),
  ),
]

/** `masquerade/web`; what all networks share has no name of one. */
const networkIn = (name: string) => (name.includes('/') ? name.slice(name.indexOf('/') + 1) : undefined)
