/** What one attachment asks for beside its plug: from the configuration, the runtime and the container's arguments. Types only. */

export interface PortMapping {
  /** 1-65535 */
  readonly hostPort: number
  readonly containerPort: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** Empty: every address of the host; `0.0.0.0` and `::`: every one of that family. */
  readonly hostIP: string
  /** How many consecutive ports, from both on. */
  readonly range: number
}

/** Bits per second, and bits; 0: unlimited. As the container sees it: ingress is what it receives. */
export interface Rates {
  readonly ingressRate: number
  readonly ingressBurst: number
  readonly egressRate: number
  readonly egressBurst: number
}

export interface Wants {
  readonly ports: readonly PortMapping[]
  readonly rates: Rates
  /** Names of security groups; undefined where nobody said: the default. */
  readonly groups?: readonly string[]
  /** Other names of the container on this network, and labels of its runtime: remembered, nothing more. */
  readonly aliases?: readonly string[]
  readonly labels?: readonly { readonly key: string; readonly value: string }[]
}

export const nothingWanted: Wants = {
  ports: [],
  rates: { ingressRate: 0, ingressBurst: 0, egressRate: 0, egressBurst: 0 },
}
