/** What a tool's stderr means, for some words together with the line it is about: classified here and nowhere else. */

import { CniError, codes } from '../../cni/errors.ts'

export type ErrorKind =
  | 'exists'
  | 'overtaken'
  | 'missing'
  | 'denied'
  | 'busy'
  | 'unsupported'
  | 'full'
  | 'netns'
  | 'taken'
  | 'vni'
  | 'alone'
  | 'occupied'
  | 'other'

const kinds: readonly [kind: ErrorKind, stderr: RegExp, line?: RegExp][] = [
  ['taken', /has it already/],
  ['vni', /specified VNI already exists/],
  // nft's `create element`: somebody else was faster.
  ['overtaken', /Could not process rule: File exists/],
  ['exists', /File exists|Address already assigned|Exclusivity flag on/],
  ['full', /Exchange full/],
  ['denied', /Operation not permitted|Permission denied|must be root/],
  ['netns', /nsenter: (cannot open|reassociate to namespace)|cannot enter the namespace/],
  // A passthru macvlan is the only one of its master (macvlan_common_newlink).
  ['alone', /Invalid argument/, / type macvlan /],
  // An interface is passed on by one: a bridge, its macvlans, or its ipvlans (netdev_rx_handler_register).
  ['occupied', /[Rr]esource busy/, / (master \S+|type (macvlan|ipvlan)( |$))/],
  ['busy', /[Rr]esource busy|Resource temporarily unavailable|holding the xtables lock/],
  [
    'unsupported',
    /not supported|Unknown device type|Unknown symbol|qdisc kind is unknown|TC classifier not found|TC action module/,
  ],
  [
    'missing',
    /Cannot find device|does not exist|No such (file|device|process)|No chain|Cannot assign requested address|Address not found|Cannot find specified (qdisc|filter)|with handle of zero/,
  ],
]

/** @param line what the tool was told */
export const classify = (stderr: string, line = ''): ErrorKind =>
  kinds.find(([, text, of]) => text.test(stderr) && (!of || of.test(line)))?.[0] ?? 'other'

const codeOf: Record<ErrorKind, number> = {
  exists: codes.foreign,
  overtaken: codes.tryAgain,
  vni: codes.foreign,
  alone: codes.foreign,
  occupied: codes.foreign,
  missing: codes.command,
  denied: codes.denied,
  busy: codes.tryAgain,
  unsupported: codes.unsupportedField,
  full: codes.bridgeFull,
  taken: codes.addressTaken,
  netns: codes.badNetns,
  other: codes.command,
}

const remedyOf: Partial<Record<ErrorKind, string>> = {
  denied: 'run it as root with CAP_NET_ADMIN and CAP_SYS_ADMIN',
  busy: 'try again',
  taken: 'hosts of one network need ranges that do not overlap: see "ranges" of /etc/vethwork/host.json',
  vni: 'another vxlan has it (ip -d link show type vxlan): delete that, or use another vni or port',
  alone:
    'an interface takes one macvlan with macvlanMode passthru and no other beside it: DEL the one container, or use another mode',
  occupied:
    'the master is a port of a bridge, or has macvlans or ipvlans: it can have one of the three; use another interface',
  full: 'a Linux bridge takes 1,023 ports: use a second network',
  netns: 'CNI_NETNS must lead to a network namespace, as the file that `ip netns add` or the runtime made',
}

/**
 * A tool said no.
 * @param words what was to be done, in English: "cannot ‹words›: ‹reason›"
 * @param line the line the tool did not take
 */
export class CommandError extends CniError {
  readonly kind: ErrorKind

  constructor(tool: string, line: string, stderr: string, words: string) {
    const kind = classify(stderr, line)
    super(
      codeOf[kind],
      `cannot ${words}: ${reason(stderr)}`,
      [remedyOf[kind], `${tool}: ${line}`].filter(Boolean).join('; '),
    )
    this.kind = kind
  }
}

/** The last thing the tool said, without its own name and place. */
const reason = (stderr: string) => {
  const lines = stderr.split('\n').map(line => line.replace(/^(RTNETLINK answers|Error|nft): /, '').trim())
  return lines.filter(line => line && !/^(Command failed|\^)/.test(line)).join('; ') || 'no reason given'
}
