// What iptables-save prints, and whether it lets nothing pass by itself.
import { expect, test } from '@jest/globals'
import { isClosed } from '../../../src/plan/closed.ts'

const open = [':FORWARD ACCEPT [0:0]']
const cases: [name: string, lines: string[], closed: boolean][] = [
  ['no such table', [], false],
  ['policy ACCEPT', open, false],
  ['policy DROP', [':FORWARD DROP [12:3456]'], true],
  [
    'REJECT at the end',
    [...open, '-A FORWARD -i lo -j ACCEPT', '-A FORWARD -j REJECT --reject-with icmp-port-unreachable'],
    true,
  ],
  ['with a comment', [...open, '-A FORWARD -m comment --comment "the \\"rest\\"" -j DROP'], true],
  ['with a comment of one word', [...open, '-A FORWARD -m comment --comment rest -j DROP'], true],
  ['DROP of some', [...open, '-A FORWARD -s 192.0.2.0/24 -j DROP'], false],
  ['DROP with a limit', [...open, '-A FORWARD -m limit --limit 3/min -j DROP'], false],
  ['ACCEPT of all before it', [...open, '-A FORWARD -j ACCEPT', '-A FORWARD -j DROP'], false],
  ['ACCEPT of all, policy DROP', [':FORWARD DROP [0:0]', '-A FORWARD -j ACCEPT'], false],
  ['a chain that rejects', [...open, ':last - [0:0]', '-A FORWARD -j last', '-A last -j REJECT'], true],
  [
    'a chain that rejects, by goto',
    [...open, ':last - [0:0]', '-A FORWARD -g last', '-A last -j REJECT'],
    true,
  ],
  [
    'a chain that returns first',
    [...open, '-A FORWARD -j last', '-A last -j RETURN', '-A last -j REJECT'],
    false,
  ],
  ['a chain that jumps to itself', [...open, '-A FORWARD -j loop', '-A loop -j loop'], false],
  ['another chain', [...open, ':INPUT DROP [0:0]', '-A INPUT -j REJECT'], false],
]
test.each(cases)('%s', (_, lines, closed) => expect(isClosed(lines, 'FORWARD')).toBe(closed))
