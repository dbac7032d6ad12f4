// Rules of iptables as nft has them.

import { expect, test } from '@jest/globals'
import { passHook } from '../../../../src/cli/trace/hook.ts'
import { iptablesChains } from '../../../../src/cli/trace/iptables.ts'
import { replacing, rulesetOf } from '../../../../src/cli/trace/ruleset.ts'
import { momentOf, packetOf } from './packets.ts'

const rulesetWith = (...lines: string[]) =>
  replacing(rulesetOf([]), new Set(), iptablesChains('iptables-nft', 'filter', lines))

const accepted = [':FORWARD ACCEPT [0:0]']
const closed = [':FORWARD DROP [0:0]']

test.each<[string, string[], 'passes' | 'dropped' | 'doubted']>([
  ['its policy', closed, 'dropped'],
  ['a source', [...accepted, '-A FORWARD -s 10.22.0.0/24 -j DROP'], 'dropped'],
  ['another source', [...accepted, '-A FORWARD -s 10.23.0.0/24 -j DROP'], 'passes'],
  ['not that source', [...accepted, '-A FORWARD ! -s 10.22.0.0/24 -j DROP'], 'passes'],
  ['a destination', [...accepted, '-A FORWARD -d 198.51.100.2/32 -j DROP'], 'dropped'],
  ['an interface', [...accepted, '-A FORWARD -i br-web -j DROP'], 'dropped'],
  ['interfaces by their beginning', [...accepted, '-A FORWARD -i br+ -j DROP'], 'dropped'],
  ['the way out', [...accepted, '-A FORWARD -o eth1 -j DROP'], 'passes'],
  [
    'a protocol and a port',
    [...accepted, '-A FORWARD -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset'],
    'dropped',
  ],
  ['another port', [...accepted, '-A FORWARD -p tcp -m tcp --dport 81 -j DROP'], 'passes'],
  ['some ports', [...accepted, '-A FORWARD -p tcp -m multiport --dports 22,80:90 -j DROP'], 'dropped'],
  ['another protocol', [...accepted, '-A FORWARD -p udp -j DROP'], 'passes'],
  [
    'a state',
    [...accepted, '-A FORWARD -m conntrack --ctstate NEW -m comment --comment "no way" -j REJECT'],
    'dropped',
  ],
  ['other states', [...accepted, '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j DROP'], 'passes'],
  ['a chain of its own', [...accepted, ':MINE - [0:0]', '-A FORWARD -j MINE', '-A MINE -j DROP'], 'dropped'],
  [
    'a chain that returns',
    [...accepted, ':MINE - [0:0]', '-A FORWARD -j MINE', '-A MINE -j RETURN', '-A MINE -j DROP'],
    'passes',
  ],
  ['accepted before', [...closed, '-A FORWARD -i br-web -j ACCEPT'], 'passes'],
  [
    'answers alone are accepted',
    [...closed, '-A FORWARD -o br-web -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT'],
    'dropped',
  ],
  [
    'a log before it',
    [...accepted, '-A FORWARD -j LOG --log-prefix "no -j ACCEPT"', '-A FORWARD -j DROP'],
    'dropped',
  ],
  [
    'a module that is not known drops',
    [...accepted, '-A FORWARD -m recent --name x --set -j DROP'],
    'doubted',
  ],
  [
    'a module that is not known accepts',
    [...closed, '-A FORWARD -m recent --name x --set -j ACCEPT'],
    'doubted',
  ],
])('%s', (_, lines, expected) => {
  const { dropped, doubts } = passHook(rulesetWith(...lines), 'ip', 'forward', momentOf(packetOf()))
  expect([dropped ? 'dropped' : doubts.length ? 'doubted' : 'passes', lines]).toEqual([expected, lines])
})

test('a chain says how it is printed, and a rule is its own line', () => {
  const { dropped } = passHook(
    rulesetWith(...accepted, '-A FORWARD -j DROP'),
    'ip',
    'forward',
    momentOf(packetOf()),
  )
  expect(dropped).toMatchObject({
    rule: { text: '-A FORWARD -j DROP' },
    chain: { table: 'iptables-nft filter', see: 'iptables-nft -t filter -S FORWARD' },
  })
})
