/** Who is meant by FROM and TO: a container, an address, the host. */

import { AddressError, parseAddress } from '../../../ipam/address.ts'
import { hostOf } from '../../../ipam/cidr.ts'
import type { AttachmentSeen } from '../../linux/attachments.ts'
import { HOST, type Netns } from '../../plan/netns.ts'
import { Misunderstood } from '../misunderstood.ts'
import { attachmentsOf } from '../subject.ts'

export interface Party {
  /** Undefined for who is outside. */
  readonly place?: Netns
  /** Of these a packet comes, or to these it goes; of the host none, where none is named. */
  readonly addresses: readonly string[]
  readonly words: string
}

/**
 * @param text a container's ID or its beginning, `NETWORK/ID/IFNAME`, an address, or `host`
 * @throws Misunderstood
 */
export const partyOf = (
  text: string,
  attachments: readonly AttachmentSeen[],
  hostAddresses: readonly string[],
): Party => {
  if (text === 'host') return { place: HOST, addresses: [], words: 'host' }
  const address = addressOf(text)
  if (address) {
    if (hostAddresses.includes(address)) return { place: HOST, addresses: [address], words: address }
    const owner = attachments.find(one => one.addresses.some(cidr => hostOf(cidr) === address))
    const [{ place } = { place: undefined }] = owner ? [partyIn([owner])] : []
    return { place, addresses: [address], words: address }
  }
  const found = byName(text, attachments)
  if (!found.length)
    throw new Misunderstood(
      `'${text}' is neither a container here, nor an address, nor 'host': see 'vethwork ps'`,
    )
  return partyIn(found)
}

const addressOf = (text: string): string | undefined => {
  try {
    return parseAddress(text.replace(/^\[(.*)\]$/, '$1')).text
  } catch (error) {
    if (error instanceof AddressError) return undefined
    throw error
  }
}

const byName = (text: string, attachments: readonly AttachmentSeen[]): readonly AttachmentSeen[] => {
  const [network, id, ifname] = text.split('/')
  if (ifname !== undefined)
    return attachments.filter(
      ({ owner }) => owner.network === network && owner.containerId === id && owner.ifname === ifname,
    )
  try {
    return attachmentsOf(text, attachments)
  } catch (error) {
    throw new Misunderstood((error as Error).message)
  }
}

const partyIn = (found: readonly AttachmentSeen[]): Party => {
  const [first] = found
  const words = first!.owner.containerId
  const netns = found.find(({ life, netns }) => netns && life !== 'gone')?.netns
  if (!netns) throw new Misunderstood(`container '${words}' is gone: see 'vethwork gc'`)
  return {
    place: netns as Netns,
    addresses: found.flatMap(({ addresses }) => addresses.map(hostOf)),
    words: words.slice(0, 12),
  }
}

/** `TO`, `TO:80`, `[2001:db8::1]:80`; a bare IPv6 address is without a port. */
export const withPort = (text: string): { readonly to: string; readonly port?: number } => {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? []
  const to = bracketed ?? plain
  if (to === undefined) return { to: text }
  const port = Number(digits)
  if (port < 1 || port > 65_535) throw new Misunderstood(`${digits} is no port: 1-65535`)
  return { to, port }
}
