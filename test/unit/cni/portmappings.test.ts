// Published ports and their conditions, as runtimes and people write them.
import { describe, expect, test } from '@jest/globals'
import { parseConfig } from '../../../cni/config.ts'

const parsed = (fields: object) =>
  parseConfig(JSON.stringify({ cniVersion: '1.1.0', name: 'web', subnet: '10.22.0.0/24', ...fields }))
const ports = (...portMappings: unknown[]) => parsed({ runtimeConfig: { portMappings } }).wants.ports
const refusal = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('was not refused')
}

describe('portMappings', () => {
  const one = { hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '', range: 1 }
  const good: [string, unknown[], object[]][] = [
    ['what is not said', [{ hostPort: 8080, containerPort: 80 }], [one]],
    ['containerd’s spelling', [{ HostPort: 8080, ContainerPort: 80, Protocol: 'TCP', HostIP: '' }], [one]],
    ['hostPort 0 is not published', [{ hostPort: 0, containerPort: 80 }], []],
    ['the same twice', [one, one], [one]],
    ['an address in its one spelling', [{ ...one, hostIP: 'FD00:0::1' }], [{ ...one, hostIP: 'fd00::1' }]],
    ['a range', [{ ...one, range: 3 }], [{ ...one, range: 3 }]],
    [
      'overlapping ranges that lead to the same',
      [
        { ...one, range: 3 },
        { ...one, hostPort: 8082, containerPort: 82 },
      ],
      [
        { ...one, range: 3 },
        { ...one, hostPort: 8082, containerPort: 82 },
      ],
    ],
    [
      'one address elsewhere than all',
      [one, { ...one, hostIP: '192.0.2.1', containerPort: 81 }],
      [one, { ...one, hostIP: '192.0.2.1', containerPort: 81 }],
    ],
    [
      'two families elsewhere',
      [
        { ...one, hostIP: '0.0.0.0' },
        { ...one, hostIP: '::', containerPort: 81 },
      ],
      [
        { ...one, hostIP: '0.0.0.0' },
        { ...one, hostIP: '::', containerPort: 81 },
      ],
    ],
  ]
  test.each(good)('%s', (_, given, expected) => expect(ports(...given)).toEqual(expected))

  const bad: [string, unknown[], RegExp][] = [
    [
      'protocol',
      [{ ...one, protocol: 'icmp' }],
      /portMappings\[0\]\.protocol: "icmp" must be one of tcp, udp, sctp/,
    ],
    [
      'hostIP',
      [one, { ...one, hostIP: 'localhost' }],
      /portMappings\[1\]\.hostIP: "localhost" is not an IP address/,
    ],
    [
      'hostIP that nft would read',
      [{ ...one, hostIP: '1.2.3.4 ; flush ruleset' }],
      /hostIP: .* is not an IP address/,
    ],
    ['hostPort', [{ ...one, hostPort: 65536 }], /hostPort: 65536 must be a whole number/],
    ['range', [{ ...one, hostPort: 65535, range: 2 }], /range: 2 leads from hostPort 65535 beyond 65535/],
    [
      'range of the container',
      [{ ...one, containerPort: 65000, range: 1000 }],
      /range: 1000 leads from containerPort 65000/,
    ],
    ['an unknown key', [{ ...one, hostport2: 1 }], /portMappings\[0\]\.hostport2: 1 is unknown/],
    [
      'one port to two places',
      [
        { ...one, range: 10 },
        { ...one, hostPort: 8085, containerPort: 443 },
      ],
      /portMappings\[1\]: port 8085\/tcp of the host is to be port 85 and port 443 of the container/,
    ],
    [
      'also by a wildcard',
      [one, { ...one, hostIP: '::', containerPort: 81 }],
      /portMappings\[1\]: port 8080\/tcp/,
    ],
  ]
  test.each(bad)('%s is refused', (_, given, says) => expect(refusal(() => ports(...given))).toMatch(says))
})

describe('conditionsV4 and conditionsV6', () => {
  const of = (conditionsV4: string[], conditionsV6: string[] = []) => {
    const { net } = parsed({ mode: 'nat', conditionsV4, conditionsV6 })
    return [...net.conditionsV4, ...net.conditionsV6].map(({ field, not, value }) => [field, not, value])
  }
  const good: [string[], string[], [string, boolean, string][]][] = [
    [['-s', '192.0.2.7'], [], [['saddr', false, '192.0.2.7']]],
    [['!', '-d', '192.0.2.7/24'], [], [['daddr', true, '192.0.2.0/24']]],
    [
      ['-s', '192.0.2.7', '!', '-i', 'eth0'],
      [],
      [
        ['saddr', false, '192.0.2.7'],
        ['iifname', true, 'eth0'],
      ],
    ],
    [
      ['--source', '192.0.2.7'],
      ['--in-interface', 'eth0.5'],
      [
        ['saddr', false, '192.0.2.7'],
        ['iifname', false, 'eth0.5'],
      ],
    ],
    [
      ['ip', 'saddr', '!=', '192.0.2.7'],
      ['ip6 daddr 2001:db8::/32'],
      [
        ['saddr', true, '192.0.2.7'],
        ['daddr', false, '2001:db8::/32'],
      ],
    ],
    [
      ['iifname', '!=', '"eth0"', 'ip saddr == 192.0.2.1'],
      [],
      [
        ['iifname', true, 'eth0'],
        ['saddr', false, '192.0.2.1'],
      ],
    ],
  ]
  test.each(good)('%j %j', (v4, v6, expected) => expect(of(v4, v6)).toEqual(expected))

  const bad: [string[], string[], RegExp][] = [
    [['-p', 'tcp'], [], /conditionsV4: "-p tcp" is not understood/],
    [['!', '-m', 'x'], [], /conditionsV4: "! -m" is not understood/],
    [['-s'], [], /conditionsV4: "" is not an IP address/],
    [['-s', '192.0.2.300'], [], /"192\.0\.2\.300" has a number above 255/],
    [['-s', '2001:db8::1'], [], /"2001:db8::1" is not IPv4/],
    [[], ['ip', 'saddr', '192.0.2.1'], /conditionsV6: "ip saddr" is not understood/],
    [['-i', 'eth+'], [], /"eth\+" is no interface's name/],
    [['-s', '192.0.2.1;', 'flush'], [], /"192\.0\.2\.1;" is not an IP address/],
    [['iifname', '"x"} accept'], [], /"\\"x\\"}" is no interface's name/],
  ]
  test.each(bad)('%j %j is refused', (v4, v6, says) => expect(refusal(() => of(v4, v6))).toMatch(says))
})
