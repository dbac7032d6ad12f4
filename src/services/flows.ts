/**
 * What answers what: a bridge's own memory of allowed connections, in sets that the kernel fills and empties.
 *
 * Connection tracking of bridges (nf_conntrack_bridge) is missing in some kernels, and where it is there it
 * tracks every bridge of the host. These sets need nothing, know a container by its port, and touch nobody else.
 */

import { nftName } from '../networks/marks.ts'
import { BRANCH, type Chain, type NftSet } from '../plan/kinds/ruleset.ts'

/** One direction, as a container's port sees it. */
export interface Side {
  readonly direction: 'ingress' | 'egress'
  readonly hook: 'prerouting' | 'postrouting'
  readonly port: 'iifname' | 'oifname'
  /** Fields in which the other end's address and port are, and the container's own port. */
  readonly remote: 'saddr' | 'daddr'
  readonly remotePort: 'sport' | 'dport'
  readonly ownPort: 'sport' | 'dport'
  /** Ends the names of its chains. */
  readonly word: 'in' | 'out'
}

export const sides: readonly Side[] = [
  {
    direction: 'egress',
    hook: 'prerouting',
    port: 'iifname',
    remote: 'daddr',
    remotePort: 'dport',
    ownPort: 'sport',
    word: 'out',
  },
  {
    direction: 'ingress',
    hook: 'postrouting',
    port: 'oifname',
    remote: 'saddr',
    remotePort: 'sport',
    ownPort: 'dport',
    word: 'in',
  },
]

const families = [4, 6] as const
export const ipOf = (family: 4 | 6) => (family === 4 ? 'ip' : 'ip6')

/** Protocols whose connections are told apart by ports. */
export const WITH_PORTS = '{ tcp, udp, sctp }'
const ICMPS = ['icmp', 'icmpv6'] as const

/** As nf_conntrack has them: a connection that nobody answered yet or that ends, TCP and others that live. */
const SECONDS = { young: 60, tcp: 432_000, other: 180 }

/** Beyond that new ones are not remembered: some 30 MB a family. */
const SIZE = 131_072

const flows = (network: string, family: 4 | 6) => nftName(`flows-ipv${family}`, network)
const talks = (network: string, family: 4 | 6) => nftName(`talks-ipv${family}`, network)

/** The same key on both sides: container, other end, protocol, their ports. */
const flowKey = ({ port, remote, remotePort, ownPort }: Side, family: 4 | 6) =>
  `${port} . ${ipOf(family)} ${remote} . meta l4proto . th ${remotePort} . th ${ownPort}`

const talkKey = ({ port, remote }: Side, family: 4 | 6) =>
  `${port} . ${ipOf(family)} ${remote} . meta l4proto`

export const flowSets = (network: string): NftSet[] =>
  families.flatMap(family => {
    const memory = (seconds: number) => `flags dynamic,timeout; timeout ${seconds}s; size ${SIZE};`
    const ends = `ifname . ipv${family}_addr . inet_proto`
    return [
      {
        name: flows(network, family),
        spec: `type ${ends} . inet_service . inet_service; ${memory(SECONDS.young)}`,
      },
      { name: talks(network, family), spec: `type ${ends}; ${memory(SECONDS.other)}` },
    ]
  })

export const known = (network: string, { word }: Side) => nftName(`${BRANCH}known-${word}`, network)
export const passed = (network: string, { word }: Side) => nftName(`${BRANCH}passed-${word}`, network)

/** Lets pass what belongs to something that was allowed before. */
export const answers = (network: string, side: Side): string[] =>
  families.flatMap(family => [
    `meta l4proto ${WITH_PORTS} ${flowKey(side, family)} @${flows(network, family)} jump ${known(network, side)}`,
    `${ICMPS[family === 4 ? 0 : 1]} type echo-reply ${talkKey(side, family)} @${talks(network, family)} accept`,
    `meta l4proto != { tcp, udp, sctp, icmp, icmpv6 } ${talkKey(side, family)} @${talks(network, family)} accept`,
  ])

/** The chains in which it is remembered. */
export const flowChains = (network: string, side: Side): Chain[] => {
  const remember = (family: 4 | 6, seconds: number) =>
    `update @${flows(network, family)} { ${flowKey(side, family)} timeout ${seconds}s }`
  const eachFamily = (rule: (family: 4 | 6) => string) => families.map(rule)
  return [
    {
      name: known(network, side),
      rules: [
        // The other end opens nothing with the ports of a connection to it.
        'tcp flags & (syn | ack) == syn return',
        ...eachFamily(family => `tcp flags & (fin | rst) != 0 ${remember(family, SECONDS.young)} accept`),
        // Data; the last segment, an empty one, must not keep what has ended.
        ...eachFamily(family => `tcp flags & psh != 0 ${remember(family, SECONDS.tcp)} accept`),
        ...eachFamily(family => `meta l4proto != tcp ${remember(family, SECONDS.other)} accept`),
        'accept',
      ],
      exact: true,
    },
    {
      name: passed(network, side),
      rules: [
        // These begin nothing.
        'tcp flags & (fin | rst) != 0 accept',
        'tcp flags & (syn | ack) == (syn | ack) accept',
        'icmp type != echo-request accept',
        'icmpv6 type != echo-request accept',
        ...eachFamily(family => `meta l4proto ${WITH_PORTS} ${remember(family, SECONDS.young)}`),
        ...eachFamily(
          family =>
            `meta l4proto != ${WITH_PORTS} update @${talks(network, family)} { ${talkKey(side, family)} }`,
        ),
        'accept',
      ],
      exact: true,
    },
  ]
}
