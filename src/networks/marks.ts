/** Our marks: names and words by which everything made tells whose it is, with no memory of having made it. */

import type { Owner } from '../../ipam/lease.ts'
import { fingerprint } from '../plan/fingerprint.ts'

const PREFIX = 'vethwork:'
/** The kernel keeps 255 bytes of a link's alias, nft 128 of a comment. */
const ALIAS = 255
const COMMENT = 120

/** An interface name has at most 15 bytes: `br-web`, or for a long name `br-3k2j5h6g7f8d`. */
export const bridgeName = (network: string) =>
  network.length <= 12 ? `br-${network}` : `br-${fingerprint(network, 12)}`

/** The host's end of an attachment's veth. */
export const hostVeth = (owner: Owner) => `veth${fingerprint(ownerText(owner), 11)}`

/** The device through which comes what an attachment sends. */
export const hostIfb = (owner: Owner) => `ifb${fingerprint(ownerText(owner), 11)}`

/** `vethwork:web/3f2a…/eth0 of veth1x2y`: whose it is, and what comes through it. */
export const ifbAlias = (owner: Owner, port: string) => plugAlias(owner, ['of', port])

/** Reads such an alias back. */
export const readIfbAlias = (alias: string) => {
  const mark = readPlugAlias(alias)
  const [of, port] = mark?.addresses ?? []
  return mark && of === 'of' && port ? { owner: mark.owner, port } : undefined
}

export const networkAlias = (network: string) => `${PREFIX}${network}`.slice(0, ALIAS)

/** `vethwork:web/3f2a…/eth0 10.22.0.2/24 fd00::2/64` */
export const plugAlias = (owner: Owner, addresses: readonly string[]) =>
  [`${PREFIX}${ownerText(owner)}`, ...addresses].join(' ').slice(0, ALIAS)

export interface PlugMark {
  readonly owner: Owner
  readonly addresses: readonly string[]
}

/** Reads an alias back; undefined if it is not an attachment's, or was cut. */
export const readPlugAlias = (alias: string): PlugMark | undefined => {
  if (!alias.startsWith(PREFIX) || alias.length >= ALIAS) return undefined
  const [text = '', ...addresses] = alias.slice(PREFIX.length).split(' ')
  const [network, containerId, ifname] = text.split('/')
  return network && containerId && ifname ? { owner: { network, containerId, ifname }, addresses } : undefined
}

/** The network of an attachment's link, also of one whose alias was cut. */
export const readPlugNetwork = (alias: string) =>
  alias.startsWith(PREFIX) && alias.includes('/') ? alias.slice(PREFIX.length, alias.indexOf('/')) : undefined

/** Whether an alias says that the link belongs to an attachment of this network. */
export const isPlugOf = (network: string, alias: string) => alias.startsWith(`${PREFIX}${network}/`)

/** The network whose shared link this is; undefined if the alias is not a network's. */
export const readNetworkAlias = (alias: string) =>
  alias.startsWith(PREFIX) && !alias.includes('/') ? alias.slice(PREFIX.length) : undefined

/** The comment of an attachment's nft elements. */
export const ownerComment = (owner: Owner) => {
  const text = ownerText(owner)
  return text.length <= COMMENT ? text : `${text.slice(0, COMMENT - 14)} ${fingerprint(text, 13)}`
}

/** Whether such a comment is of an attachment of this network. */
export const isOwnerOf = (network: string, comment: string) => comment.startsWith(`${network}/`)

/** The owner in such a comment; without the rest where it was cut. */
export const readOwnerComment = (comment: string): { network: string; owner?: Owner } => {
  const [network = '', containerId, ifname] = comment.split('/')
  const isWhole = containerId && ifname && !comment.includes(' ')
  return { network, ...(isWhole ? { owner: { network, containerId, ifname } } : {}) }
}

/** `masquerade/web`: an nft chain or set of a network; no name of a network holds a slash. */
export const nftName = (what: string, network: string) => `${what}${nftSuffix(network)}`

export const nftSuffix = (network: string) => `/${network.length <= 60 ? network : fingerprint(network, 13)}`

/** Our nft tables; nothing of ours is in any other, nothing of others' in these. */
export const TABLES = ['inet vethwork', 'bridge vethwork'] as const

/** A chain's name in iptables has at most 28 bytes. */
export const iptablesChain = (network: string) => `VETHWORK-${fingerprint(network, 13).toUpperCase()}`

/** The comment of the rule that leads there. */
export const iptablesComment = (network: string) => `vethwork ${network.slice(0, 80)}`

/** The network whose jump a line of iptables-save is. */
export const readIptablesJump = (line: string) => /--comment "vethwork ([^ "]+)" -j VETHWORK-/.exec(line)?.[1]

export const ownerText = ({ network, containerId, ifname }: Owner) => `${network}/${containerId}/${ifname}`
