/** Kernel parameters below /proc/sys (proc(5), the kernel's ip-sysctl document). */

import { CniError, codes } from '../../../cni/errors.ts'
import { HOST, type Netns } from '../netns.ts'
import { ABSENT, at } from '../observed.ts'
import type { Common, Kind } from './kind.ts'

export interface Sysctl extends Common {
  readonly kind: 'sysctl'
  /** With slashes, for an interface's name may hold dots: `net/ipv4/conf/eth0.5/forwarding`. */
  readonly key: string
  readonly value: string
  /** The interface it is a property of: it cannot be looked at before that is there. */
  readonly dev?: string
  /** A kernel without it (IPv6 switched off) is fine. */
  readonly optional: boolean
  /** Of an interface that outlives the attachment: what is set back when that goes. */
  readonly before?: string
}

export interface SysctlOp {
  readonly op: 'sysctl.set'
  readonly netns: Netns
  readonly key: string
  readonly value: string
  /** The value before, if it outlives this op's undoing. */
  readonly was?: string
  readonly optional: boolean
  /** It is no interface's, so it will outlive what it was set for. */
  readonly lasting: boolean
}

export const sysctl: Kind<Sysctl, SysctlOp> = {
  ensure({ netns, key, value, optional, dev, why }, observed) {
    const was = observed.sysctls.get(at(netns, key))
    if ((was !== undefined && isSame(was, value)) || (optional && was === ABSENT)) return []
    if (was === ABSENT && netns !== HOST)
      throw new CniError(
        codes.unsupportedField,
        `${why}: there is no ${key.replaceAll('/', '.')} in the container`,
        'correct the name, or leave it out: this kernel does not have it, or has it for the whole host only',
      )
    return [{ op: 'sysctl.set', netns, key, value, was, optional, lasting: dev === undefined }]
  },
  // Of an interface: goes with it. Of the host or the container: others may rely on it by now.
  remove({ netns, key, optional, before }, observed) {
    const found = observed.sysctls.get(at(netns, key))
    if (before === undefined || found === undefined || found === ABSENT || found === before) return []
    return [{ op: 'sysctl.set', netns, key, value: before, optional, lasting: false }]
  },
  tool: () => 'sysctl',
  line: ({ key, value }) => `${key} = ${value}`,
  words: ({ key, value }) => `set ${key.replaceAll('/', '.')} to ${value}`,
  undo: ({ was, ...op }) => (was === undefined || was === ABSENT ? [] : [{ ...op, value: was }]),
}

/** The kernel writes a tab between several numbers, whatever was between them. */
const isSame = (a: string, b: string) => a.trim().split(/\s+/).join(' ') === b.trim().split(/\s+/).join(' ')
