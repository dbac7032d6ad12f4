/** One thing that is wrong on this host: what, why it matters, what to type. Pure. */

import type { Step } from '../../plan/plan.ts'
import { type Ailment, type AilmentId, ailments } from './ailments.ts'

export interface Finding {
  /** Stable, kebab-case. */
  readonly id: AilmentId
  readonly severity: Ailment['severity']
  /** What it is about: a network, a container, a device, a rule, a file. */
  readonly object: string
  readonly what: string
  readonly why: string
  /** A command that can be typed; where none can be known, what to do. */
  readonly fix: string
  /** Where users of other plugins met it. */
  readonly thread?: string
  /** `doctor --fix` does it. */
  readonly fixable: boolean
  /** How. */
  readonly mend?: Mend
}

/** Ours to mend, and safe: by `repair`, by `gc`, by the lease store itself, or by these steps. */
export type Mend =
  | 'repair'
  | 'gc'
  | { readonly leases: string }
  | { readonly steps: readonly Step[] }
  | { readonly chmod: string }

export const finding = (
  id: AilmentId,
  { mend, ...facts }: Pick<Finding, 'object' | 'what' | 'fix' | 'mend'> & { readonly why?: string },
): Finding => {
  const { severity, why, thread }: Ailment = ailments[id]
  return {
    id,
    severity,
    why,
    ...facts,
    ...(thread ? { thread: urlOf(thread) } : {}),
    fixable: mend !== undefined,
    ...(mend === undefined ? {} : { mend }),
  }
}

/** Whose issues are meant by the short names. */
const repositories: Readonly<Record<string, string>> = {
  cilium: 'cilium/cilium',
  cni: 'containernetworking/cni',
  containerd: 'containerd/containerd',
  flannel: 'flannel-io/flannel',
  k8s: 'kubernetes/kubernetes',
  libnetwork: 'moby/libnetwork',
  moby: 'moby/moby',
  netavark: 'containers/netavark',
  plugins: 'containernetworking/plugins',
  podman: 'containers/podman',
}

/** `plugins#252` as a link. */
export const urlOf = (thread: string): string => {
  const [name = '', number] = thread.split('#')
  return `https://github.com/${repositories[name] ?? name}/issues/${number}`
}

const order = ['error', 'warning', 'note'] as const

/** The worst first; of one thing about one object one finding. */
export const sorted = (all: readonly Finding[]): Finding[] => {
  const once = new Map(all.map(one => [`${one.id} ${one.object} ${one.what}`, one] as const))
  return [...once.values()].toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
}

/** Errors and warnings; notes are no findings. */
export const isTrouble = ({ severity }: Pick<Finding, 'severity'>) => severity !== 'note'
