import { expect, test } from '@jest/globals'
import { explain } from '../../../src/plan/explain.ts'
import { plan } from '../../../src/plan/plan.ts'
import { descriptions, virgin } from '../../helpers/descriptions.ts'

const all = Object.values(descriptions).flatMap(desired => explain(plan(desired, virgin)))
const find = (words: RegExp) => all.find(one => words.test(one.words))

test('each step says what, why and how', () => {
  for (const { words, why, command } of all) {
    expect(words).toMatch(/^[a-z]/)
    expect(why).toBeTruthy()
    expect(command).toMatch(
      /^(nsenter --net=\S+ )?(ip|bridge|tc|ethtool|nft|sysctl -w|iptables|ip6tables|conntrack) /,
    )
    expect(`${words}${command}`).not.toMatch(/undefined|\[object|NaN|\n/)
  }
})

const cases: [words: RegExp, command: RegExp][] = [
  [/^create the bridge br-web\.net-1$/, /^ip link add dev br-web\.net-1 .* type bridge$/],
  [
    /^create the veth pair veth\w+ \(host\) and eth0 \(container\)$/,
    /^ip link add dev veth\w+ .* peer name eth0 .* netns \/run\/netns\/c1$/,
  ],
  [
    /^give eth0 the address 10\.44\.0\.2\/24$/,
    /^nsenter --net=\/run\/netns\/c1 ip addr add 10\.44\.0\.2\/24 dev eth0 brd \+$/,
  ],
  [
    /^add the default route via 10\.44\.0\.1 on eth0$/,
    /ip route add 0\.0\.0\.0\/0 via 10\.44\.0\.1 dev eth0$/,
  ],
  [/^set net\.ipv4\.ip_forward to 1$/, /^sysctl -w net\.ipv4\.ip_forward=1$/],
  [/accept_ra to 0$/, /^sysctl -w \S+accept_ra=0$/],
  [/^add the nft rule: ip saddr/, /^nft 'add rule inet vethwork .* masquerade comment "[^"']+"'$/],
  [/^create the iptables chain VETHWORK-/, /^iptables -t nat -N VETHWORK-\w+$/],
  [
    /^let POSTROUTING jump to VETHWORK-/,
    /^ip6?tables -t nat -A POSTROUTING -m comment --comment "[^"]+" -j VETHWORK-\w+$/,
  ],
  [/^wait until the port veth\w+ forwards$/, /# until: state forwarding$/],
  [/^announce the addresses of eth0$/, /ip link set dev eth0 address/],
]
test.each(cases)('%s', (words, command) => {
  expect(find(words)?.command).toMatch(command)
})

test('a sysctl of an interface with a dot in its name is a command that works', () => {
  const { command = '' } = find(/br-web.net-1.*accept_ra to 0$/) ?? {}
  // sysctl(8): a name with slashes is taken as it is; with dots, the dot of the interface would be a directory.
  expect(command).toBe('sysctl -w net/ipv6/conf/br-web.net-1/accept_ra=0')
})
