/** What an op that is to be done says is wrong now. Pure. */

import type { Op } from '../../../plan/kinds/index.ts'
import type { LinkOp } from '../../../plan/kinds/link.ts'
import type { Settings } from '../../../plan/kinds/linkwords.ts'
import { HOST } from '../../../plan/netns.ts'
import { sysctlWords } from '../../words.ts'
import type { AilmentId } from '../ailments.ts'
import { ruleAilment } from './rules.ts'

/** What is wrong with what. */
export interface Fault {
  readonly id: AilmentId
  readonly what: string
  /** Of a device, if it is one's. */
  readonly object?: string
  /** It is not what `repair` does about it that heals it. */
  readonly fix?: string
}

/** The interface that an op is about. */
export const nameIn = (op: Op): string | undefined =>
  'dev' in op ? op.dev : 'name' in op ? op.name : undefined

export interface Place {
  readonly who: string
  readonly ifname: string
  readonly isShared: boolean
  /** Devices that lead to other hosts, and what each is made on. */
  readonly uplinks: ReadonlySet<string>
  readonly lowers: ReadonlyMap<string, string>
  /** Of the host's interfaces. */
  readonly mtus: ReadonlyMap<string, number>
}

export const faultsOf = (op: Op, place: Place): Fault[] => {
  const { who } = place
  const inside = op.netns !== HOST
  switch (op.op) {
    case 'link.add':
      return [linkMissing(op, place)]
    case 'link.set':
      return linkFaults(op, place)
    case 'addr.add':
      return [
        inside
          ? { id: 'container-address-missing', what: `${who}: its address ${op.address} is gone` }
          : {
              id: 'gateway-address-missing',
              what: `${who}: '${op.dev}' has no longer the gateway's address ${op.address}`,
            },
      ]
    case 'route.add':
      return [{ id: 'container-route-missing', what: `${who}: ${routeWords(op.to)} is gone` }]
    case 'route.replace':
      return [{ id: 'container-route-missing', what: `${who}: ${routeWords(op.to)} leads elsewhere` }]
    case 'sysctl.set':
      return [
        isForwarding(op.key)
          ? {
              id: 'forwarding-off',
              object: sysctlWords(op.key),
              what: `${sysctlWords(op.key)} is ${op.was ?? '0'}: the host does not forward`,
            }
          : {
              id: 'setting-changed',
              object: inside ? undefined : sysctlWords(op.key),
              what: `${who}: ${sysctlWords(op.key)} is ${op.was}, not ${op.value}`,
            },
      ]
    case 'nft':
      return ruleFault(op.line, who)
    case 'iptables':
      return [
        op.table === 'nat'
          ? { id: 'masquerade-missing', what: `${who}: its ${op.tool} rules of masquerade are not all there` }
          : {
              id: 'forward-drop',
              what: `${who}: FORWARD of ${op.tool} lets nothing through that no rule accepts, and ours is not there`,
            },
      ]
    case 'fdb.append':
      return [
        { id: 'tunnel-peer-missing', what: `${who}: '${op.dev}' does not know the other host ${op.dst}` },
      ]
    case 'vlan.add':
    case 'vlan.del':
      return [
        {
          id: 'port-setting-changed',
          object: op.dev,
          what: `${who}: the VLANs of '${op.dev}' are not its own`,
        },
      ]
    case 'offload.set':
      return [
        {
          id: 'checksum-offload-on',
          object: op.dev,
          what: `${who}: '${op.dev}' leaves checksums to the card`,
        },
      ]
    case 'zone.add':
      return [
        { id: 'firewalld-zone-missing', object: op.dev, what: `${who}: firewalld does not know '${op.dev}'` },
      ]
    case 'qdisc.add':
    case 'qdisc.del':
    case 'class.add':
    case 'filter.add':
    case 'filter.del':
      return [
        {
          id: 'rate-limit-missing',
          object: op.dev,
          what: `${who}: its rate is not limited on '${op.dev}'`,
        },
      ]
    default:
      return []
  }
}

const isForwarding = (key: string) => key === 'net/ipv4/ip_forward' || key === 'net/ipv6/conf/all/forwarding'

const routeWords = ({ dst, gw }: { readonly dst: string; readonly gw?: string }) =>
  `its ${dst.endsWith('/0') ? `default route` : `route to ${dst}`}${gw ? ` via ${gw}` : ''}`

const linkMissing = ({ link }: Extract<LinkOp, { op: 'link.add' }>, { who, uplinks }: Place): Fault => {
  const { name, type } = link
  if (type === 'bridge')
    return { id: 'bridge-missing', object: name, what: `${who}: the bridge '${name}' is gone` }
  if (uplinks.has(name))
    return {
      id: 'uplink-missing',
      object: name,
      what: `${who}: its way to other hosts, the ${type} '${name}', is gone`,
    }
  return { id: 'cable-missing', what: `${who}: its ${type} '${name}' is gone` }
}

/** One fault for each thing that is set otherwise. */
const linkFaults = (
  { netns, name, set, was }: Extract<LinkOp, { op: 'link.set' }>,
  place: Place,
): Fault[] => {
  const { who, ifname, isShared, uplinks } = place
  const isUplink = uplinks.has(name)
  const object = name
  const fault: Partial<Record<keyof Settings, () => Fault>> = {
    up: () =>
      netns !== HOST
        ? {
            id: 'container-interface-down',
            what: `${who}: ${name === ifname ? 'its interface' : `its ${name}`} is down`,
          }
        : isUplink
          ? { id: 'uplink-down', object, what: `${who}: its way to other hosts, '${name}', is down` }
          : isShared
            ? { id: 'bridge-down', object, what: `${who}: '${name}' is down` }
            : { id: 'cable-down', object, what: `${who}: the host's end of its cable, '${name}', is down` },
    master: () => ({
      id: isUplink ? 'uplink-unplugged' : 'cable-unplugged',
      object,
      what: `${who}: '${name}' is ${was.master ? `a port of '${was.master}'` : 'no port of any bridge'}, not of '${set.master}'`,
    }),
    mac: () => ({
      id: isShared ? 'bridge-mac-changed' : 'port-setting-changed',
      object,
      what: `${who}: '${name}' has the MAC address ${was.mac}, not ${set.mac}`,
    }),
    mtu: () => mtuFault(name, set.mtu ?? 0, was.mtu ?? 0, place),
  }
  const others = Object.keys(set).filter(key => !(key in fault)) as (keyof Settings)[]
  return [
    ...Object.entries(fault).flatMap(([key, of]) => (set[key as keyof Settings] === undefined ? [] : [of()])),
    ...(others.length
      ? [
          {
            id: 'port-setting-changed' as const,
            object,
            what: `${who}: ${others.map(key => `${key} of '${name}' is ${was[key] ? 'on' : 'off'}`).join(', ')}`,
          },
        ]
      : []),
  ]
}

/** Smaller than it is: what carries it has become smaller. */
const mtuFault = (name: string, wanted: number, is: number, { who, lowers, mtus }: Place): Fault => {
  const lower = lowers.get(name)
  if (wanted < is && lower)
    return {
      id: 'mtu-above-underlay',
      object: lower,
      what: `${who}: packets of ${is} bytes in '${name}' do not fit through '${lower}' any more, but ${wanted}`,
      fix: `ip link set dev ${lower} mtu ${(mtus.get(lower) ?? 0) + is - wanted}`,
    }
  return { id: 'mtu-changed', object: name, what: `${who}: '${name}' has the MTU ${is}, not ${wanted}` }
}

const ruleFault = (line: string, who: string): Fault[] => {
  const found = ruleAilment(line)
  return found ? [{ id: found.id, what: `${who}: ${found.words}` }] : []
}
