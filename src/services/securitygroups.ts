/** Security groups: named sets of stateful allow rules; whoever is in one is reachable by them, and by nothing else. */

import type { Service } from './service.ts'

export interface GroupRule {
  readonly direction: 'ingress' | 'egress'
  /** Any protocol if undefined. */
  readonly protocol?: 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmpv6'
  /** First and last port. */
  readonly ports?: readonly [number, number]
  /** A subnet in CIDR notation. */
  readonly remote?: string
  /** The members of a group. */
  readonly remoteGroup?: string
}

export const securityGroups: Service = {}
