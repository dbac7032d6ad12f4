/** Published ports: what comes to a port of the host is led to the container (the reference plugin `portmap`). */

import { familyOf, hostOf } from '../../ipam/cidr.ts'
import { nftSuffix, ownerComment } from '../networks/marks.ts'
import type { NetConf } from '../networks/network.ts'
import type { Element } from '../plan/kinds/element.ts'
import type { HostPort } from '../plan/kinds/hostport.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST } from '../plan/netns.ts'
import { forgotten } from './portflows.ts'
import { answersOf, isBeside, obstacleOf } from './portreach.ts'
import {
  answerChain,
  answerMap,
  answerRules,
  conditionalRules,
  portMaps,
  sharedRules,
  TABLE,
} from './portrules.ts'
import type { Endpoint, Service } from './service.ts'
import type { PortMapping, Wants } from './wants.ts'

const why = 'portMappings'

export const ports: Service = {
  shared(conf, endpoint, { ports }) {
    if (!ports.length) return []
    const { name, conditionsV4, conditionsV6, snat } = conf
    const answers = answersOf(conf, endpoint)
    const conditions = { 4: conditionsV4, 6: conditionsV6 }
    return [
      sharedRules(why),
      ...(conditionsV4.length + conditionsV6.length ? [conditionalRules(name, conditions, why)] : []),
      ...(answers ? [answerRules(name, answers, why)] : []),
      ...(snat ? localnet(conf, endpoint) : []),
      ...(isBeside(conf) ? targetsOf(endpoint).map(passedOn) : []),
    ]
  },

  rules(conf, endpoint, wants) {
    const targets = targetsOf(endpoint)
    const answers = answersOf(conf, endpoint)
    const published = eachPort(conf, endpoint, wants)
    return [
      ...wants.ports.flatMap(mapping => claims(conf, endpoint, mapping)),
      // Before the elements, for what comes first is taken away last.
      ...published.flatMap(forgotten('ends')),
      ...once(published.map(({ element }) => element)),
      ...(answers && published.length
        ? targets.map(
            (target): Element => ({
              ...own(endpoint),
              kind: 'element',
              set: answerMap(familyOf(target)),
              key: target,
              value: `goto ${answerChain(conf.name, answers)}`,
              why: 'portMappings: answers come back to the host',
            }),
          )
        : []),
    ]
  },

  plug(conf, endpoint, wants) {
    const { port, bridge } = endpoint
    const published = eachPort(conf, endpoint, wants)
    return [
      ...(conf.mode === 'chained' && port && bridge && published.length && conf.snat && !conf.promiscMode
        ? [reflecting(port)]
        : []),
      ...published.flatMap(forgotten('begins')),
    ]
  },
}

/** Whether the port of a container that publishes must give back what came from it: see `reflecting`. */
export const isReflected = ({ snat, promiscMode }: NetConf, { ports }: Wants) =>
  ports.length > 0 && snat && !promiscMode

/** With br_netfilter a container's packet to its own published port never leaves the bridge: it goes back by its port. */
const reflecting = (port: string): Desired => ({
  kind: 'link',
  scope: 'attachment',
  netns: HOST,
  name: port,
  type: 'given',
  settings: { hairpin: true },
  why: 'portMappings: the container reaches itself',
})

const own = ({ owner }: Endpoint) =>
  ({ scope: 'attachment', netns: HOST, table: TABLE, comment: ownerComment(owner), why }) as const

/** The container's first address of each family. */
const targetsOf = ({ addresses }: Endpoint) =>
  ([4, 6] as const).flatMap(
    family => addresses.map(hostOf).find(address => familyOf(address) === family) ?? [],
  )

const FAMILY_OF_ALL: Readonly<Record<string, readonly (4 | 6)[]>> = {
  '': [4, 6],
  '0.0.0.0': [4],
  '::': [6],
}

/** Of one mapping: the families, and the one address; empty for all. */
const placeOf = ({ hostIP }: PortMapping) => {
  const all = FAMILY_OF_ALL[hostIP]
  return { address: all ? '' : hostIP, families: all ?? [familyOf(hostIP)] }
}

const keyOf = ({ protocol, hostPort }: PortMapping, address: string, n = 0) =>
  [protocol, hostPort + n, ...(address ? [address] : [])].join(' . ')

/** `port 8080/tcp of the host`, as people say it. */
const wordsOf = ({ protocol, hostPort }: PortMapping, address: string, n: number) =>
  `port ${hostPort + n}/${protocol} of ${address || 'the host'}`

/** Conditions are of a network: then its ports are in maps of its own. */
const mapOf = (conf: NetConf, family: 4 | 6, address: string) => {
  const maps = portMaps(family)
  const own = (family === 4 ? conf.conditionsV4 : conf.conditionsV6).length ? nftSuffix(conf.name) : ''
  return `${address ? maps.one : maps.all}${own}`
}

/** One port of the host, and where it leads. */
export interface Published {
  readonly element: Element
  readonly mapping: PortMapping
  readonly n: number
  readonly target: string
  readonly address: string
}

/** Every port of every mapping, in every family that it has. */
const eachPort = (conf: NetConf, endpoint: Endpoint, { ports }: Wants): Published[] =>
  ports.flatMap(mapping => {
    const { address, families } = placeOf(mapping)
    return targetsOf(endpoint)
      .filter(target => families.includes(familyOf(target)))
      .flatMap(target =>
        Array.from({ length: mapping.range }, (_, n): Published => {
          const element: Element = {
            ...own(endpoint),
            kind: 'element',
            set: mapOf(conf, familyOf(target), address),
            key: keyOf(mapping, address, n),
            value: `${target} . ${mapping.containerPort + n}`,
            exclusive: wordsOf(mapping, address, n),
          }
          return { element, mapping, n, target, address }
        }),
      )
  })

/** A port that two mappings name alike is one. */
const once = (elements: readonly Element[]) => [
  ...new Map(elements.map(one => [`${one.set} ${one.key}`, one])).values(),
]

/** Nobody else may have the ports. */
const claims = (conf: NetConf, endpoint: Endpoint, mapping: PortMapping): HostPort[] => {
  const { address, families } = placeOf(mapping)
  const has = new Set(targetsOf(endpoint).map(familyOf))
  const obstacle = obstacleOf(
    conf,
    mapping,
    families.some(family => has.has(family)),
  )
  return families
    .filter(family => obstacle || has.has(family))
    .map(family => ({
      ...own(endpoint),
      kind: 'hostport',
      containerId: endpoint.owner.containerId,
      family,
      address,
      protocol: mapping.protocol,
      port: mapping.hostPort,
      count: mapping.range,
      maps: portMaps(family),
      map: mapOf(conf, family, address),
      obstacle,
    }))
}

const passedOn = (target: string): Desired => ({
  kind: 'forwarding',
  scope: 'network',
  netns: HOST,
  family: familyOf(target),
  why: 'portMappings: the host passes packets on',
})

/** What has 127.0.0.1 for its source comes back to it from the container's side (Documentation/networking/ip-sysctl). */
const localnet = (conf: NetConf, { bridge, port }: Endpoint): Desired[] => {
  const dev = bridge && conf.vlan ? `${bridge}.${conf.vlan}` : (bridge ?? port)
  if (!dev) return []
  return [
    {
      kind: 'sysctl',
      scope: bridge ? 'network' : 'attachment',
      netns: HOST,
      dev,
      key: `net/ipv4/conf/${dev}/route_localnet`,
      value: '1',
      optional: false,
      why: 'portMappings: the host reaches them by 127.0.0.1',
    },
  ]
}
