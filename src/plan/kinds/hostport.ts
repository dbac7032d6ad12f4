/** A port of the host that is to lead to a container: it must be free. Looked at, never made: the map's element is that. */

import { CniError, codes } from '../../../cni/errors.ts'
import type { ObservedElement, ObservedListener, ObservedTable } from '../observed.ts'
import { taken } from './element.ts'
import type { Common, Kind } from './kind.ts'
import { deleteElement, type RulesetOp } from './ruleset.ts'

export interface HostPort extends Common {
  readonly kind: 'hostport'
  readonly family: 4 | 6
  /** Empty: every address of the host. */
  readonly address: string
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly port: number
  /** So many consecutive ones. */
  readonly count: number
  readonly table: string
  /** Maps of ports of one address and of all: these, and those of this name that a network has for itself. */
  readonly maps: { readonly one: string; readonly all: string }
  /** The one in which they will stand. */
  readonly map: string
  readonly comment: string
  readonly containerId: string
  /** It cannot be, whoever has it. */
  readonly obstacle?: { readonly reason: string; readonly remedy: string }
}

export const hostport: Kind<HostPort, never, RulesetOp> = {
  ensure(desired, observed) {
    if (desired.obstacle) throw refused(desired)
    const table = observed.tables.get(desired.table)
    if (isOurs(desired, table)) return []
    const rivals = rivalsOf(desired, table)
    const rival = rivals.find(({ abandoned }) => !abandoned)
    if (rival) throw taken(words(desired, Number(rival.key.split(' . ')[1])), rival.comment)
    refuseForeignAddress(desired, observed.hostAddresses)
    const listener = observed.listeners.find(one => isHeardBy(one, desired) && !isPlaceholder(one, desired))
    if (listener) throw listening(desired, listener)
    return rivals.map(({ set, key }) => deleteElement({ table: desired.table, set, key }))
  },
  remove: () => [],
  tool: op => op,
  line: op => op,
  words: op => op,
  undo: () => [],
}

/** Whether a socket gets what comes to one of the ports. */
export const isHeardBy = (
  { protocol, port, address, families }: ObservedListener,
  wanted: Pick<HostPort, 'family' | 'address' | 'protocol' | 'port' | 'count'>,
) =>
  protocol === wanted.protocol &&
  isAmong(wanted, port) &&
  families.includes(wanted.family) &&
  (!address || !wanted.address || address === wanted.address)

const isAmong = ({ port, count }: Pick<HostPort, 'port' | 'count'>, one: number) =>
  one >= port && one < port + count

/**
 * A runtime's own process for this container may hold the port for it, as podman's conmon does; until that is there,
 * the podman that calls us (from 5.2 on it binds the ports before it sets the network up, containers/podman#23446).
 */
const isPlaceholder = ({ process }: ObservedListener, { containerId }: HostPort) =>
  process !== undefined &&
  (process.command.includes(containerId) || (process.name === 'podman' && process.isAncestor === true))

const isOurs = ({ map, comment, ...wanted }: HostPort, table: ObservedTable | undefined) =>
  (table?.sets.get(map) ?? []).some(one => one.comment === comment && isNamed(one, wanted))

/** Elements of others by which the ports are taken; but the one of the same key, which is the element's own affair. */
const rivalsOf = (desired: HostPort, table: ObservedTable | undefined) => {
  const { maps, map, address, comment } = desired
  const isAny = (set: string, name: string) => set === name || set.startsWith(`${name}/`)
  return [...(table?.sets ?? [])].flatMap(([set, elements]) => {
    if (!isAny(set, maps.one) && !isAny(set, maps.all)) return []
    return elements
      .filter(one => one.comment !== comment && isNamed(one, desired) && clashes(one, address))
      .filter(one => set !== map || !isSameKey(one, address))
      .map(one => ({ ...one, set }))
  })
}

/** `tcp . 8080`, or `tcp . 8080 . 192.0.2.1`. */
export const isNamed = ({ key }: ObservedElement, wanted: Pick<HostPort, 'protocol' | 'port' | 'count'>) => {
  const [protocol, port] = key.split(' . ')
  return protocol === wanted.protocol && isAmong(wanted, Number(port))
}

const clashes = ({ key }: ObservedElement, address: string) => {
  const [, , theirs] = key.split(' . ')
  return !theirs || !address || theirs === address
}

const isSameKey = ({ key }: ObservedElement, address: string) => (key.split(' . ')[2] ?? '') === address

/** What comes to an address that this host does not have would never be led anywhere. */
const refuseForeignAddress = ({ address }: HostPort, own: readonly string[]) => {
  if (!address || own.includes(address) || address.startsWith('127.')) return
  throw new CniError(
    codes.badConfig,
    `portMappings: hostIP "${address}" is no address of this host`,
    `it has ${own.join(', ')}; or leave it out for all of them`,
  )
}

const words = ({ protocol, address }: HostPort, port: number) =>
  `port ${port}/${protocol} of ${address || 'the host'}`

const refused = (desired: HostPort) =>
  new CniError(
    codes.badConfig,
    `portMappings: ${words(desired, desired.port)} cannot be published: ${desired.obstacle?.reason}`,
    desired.obstacle?.remedy,
  )

const listening = (desired: HostPort, { process, port, address }: ObservedListener) => {
  const who = process ? `${process.name} (pid ${process.pid})` : 'a process that cannot be seen from here'
  const place = address ? ` at ${address}` : ''
  return new CniError(
    codes.portTaken,
    `${words(desired, port)} is taken: ${who} listens there${place}`,
    'stop it, or choose another hostPort',
  )
}
