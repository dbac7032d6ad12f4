// Security groups as they are written: parsed once, refused with field and value.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseConfig } from '../../../cni/config.ts'
import { parseGroups } from '../../../cni/groups.ts'
import { membership } from '../../../cni/membership.ts'
import { described, leaseOf } from '../../helpers/descriptions.ts'
import { refusal } from './refusal.ts'

const rule = (one: Record<string, unknown>) => parseGroups({ web: [one] }).web![0]

describe('a rule', () => {
  const cases: [name: string, given: Record<string, unknown>, parsed: object][] = [
    ['nothing said: everything may come in', {}, { direction: 'ingress' }],
    ['a port', { protocol: 'tcp', ports: 80 }, { direction: 'ingress', protocol: 'tcp', ports: [80, 80] }],
    [
      'a port as text',
      { protocol: 'UDP', ports: '53' },
      { direction: 'ingress', protocol: 'udp', ports: [53, 53] },
    ],
    [
      'a range',
      { protocol: 'sctp', ports: '1-65535' },
      { direction: 'ingress', protocol: 'sctp', ports: [1, 65535] },
    ],
    ['a subnet', { remote: '192.0.2.0/24' }, { direction: 'ingress', remote: '192.0.2.0/24' }],
    ['an address', { remote: '2001:DB8:0::1' }, { direction: 'ingress', remote: '2001:db8::1/128' }],
    [
      'a group',
      { direction: 'egress', remoteGroup: 'web', protocol: 'icmp' },
      { direction: 'egress', protocol: 'icmp', remoteGroup: 'web' },
    ],
  ]
  test.each(cases)('%s', (_, given, parsed) => expect(rule(given)).toEqual(parsed))

  test('whatever is let pass stays what it is in nft’s text', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('tcp', '80', '10.0.0.0/8', 'web', '1-2', '";', '\n'))
    fc.assert(
      fc.property(word, word, word, word, (name, protocol, ports, remote) => {
        const given = { [name]: [{ protocol, ports, remote }] }
        let lines: string[] = []
        try {
          const net = {
            cniVersion: '1.1.0',
            name: 'n',
            mode: 'nat',
            subnet: '10.44.0.0/24',
            securityGroups: given,
          }
          const rulesets = described(net, leaseOf('v4')).flatMap(one => (one.kind === 'ruleset' ? [one] : []))
          lines = rulesets.flatMap(({ chains }) => chains.flatMap(one => [one.name, ...one.rules]))
        } catch (error) {
          expect(error).toMatchObject({ name: 'CniError' })
        }
        for (const line of lines) expect(line).not.toMatch(/[;\n\\`$']/)
      }),
    )
  })
})

describe('who is in which group', () => {
  const groups = { web: [], db: [], default: [] }
  const of = (more: object, args: Record<string, string> = {}) =>
    membership(
      { args },
      parseConfig(
        JSON.stringify({ cniVersion: '1.1.0', name: 'n', mode: 'nat', subnet: '10.44.0.0/24', ...more }),
      ),
    )
  const annotated = (names: string) => ({
    'io.kubernetes.cri.pod-annotations': { 'vethwork/security-groups': names, other: 'x' },
  })
  test.each([
    ['no groups at all', {}, {}, undefined],
    ['nobody said: the default', { securityGroups: groups }, {}, ['default']],
    ['there is no default', { securityGroups: { web: [] } }, {}, []],
    ['in none', { securityGroups: groups, runtimeConfig: { securityGroups: [] } }, {}, []],
    ['in none, in words', { securityGroups: groups }, { SECURITY_GROUPS: '' }, []],
    ['CNI_ARGS', { securityGroups: groups }, { SECURITY_GROUPS: 'web, db,web' }, ['web', 'db']],
    [
      'args before CNI_ARGS',
      { securityGroups: groups, args: { cni: { securityGroups: 'db' } } },
      { SECURITY_GROUPS: 'web' },
      ['db'],
    ],
    [
      'the annotation before args',
      { securityGroups: groups, args: { cni: { securityGroups: ['db'] } }, runtimeConfig: annotated('web') },
      {},
      ['web'],
    ],
    [
      'runtimeConfig before all',
      { securityGroups: groups, runtimeConfig: { securityGroups: ['db'], ...annotated('web') } },
      {},
      ['db'],
    ],
    ['what a container says for another network', {}, { SECURITY_GROUPS: 'web' }, undefined],
  ])('%s', (_, more, args, expected) => expect(of(more, args)).toEqual(expected))

  test.each([
    [{ securityGroups: groups, runtimeConfig: { securityGroups: ['toString'] } }, /"toString" is no group/],
    [{ securityGroups: groups, args: { cni: { securityGroups: 7 } } }, /args\.cni\.securityGroups: 7/],
    [{ runtimeConfig: { securityGroups: ['web'] } }, /runtimeConfig\.securityGroups: "web" is no group/],
  ])('refused: %j', (more, says) =>
    expect(refusal(() => of(more))).toMatchObject({ code: 7, message: expect.stringMatching(says) }),
  )
})
