import { expect, test } from '@jest/globals'
import { check } from '../../../../src/cli/conf/check.ts'
import { list, modes, open, plugin, written } from '../../../../src/cli/conf/samples.ts'

const found = (text: string) =>
  check(text).map(({ line, column, severity, field, message }) => [line, column, severity, field, message])

const one = (rest: string) => `{\n  "cniVersion": "1.1.0", "name": "web", "type": "vethwork",\n  ${rest}\n}`

const cases: readonly [string, string, [line: number, column: number, field: string, message: RegExp][]][] = [
  ['nothing', '', [[1, 1, '', /no JSON/]]],
  ['a list', '[]', [[1, 1, '', /must be a JSON object/]]],
  ['an unknown field', one('"hairpinmode": true'), [[3, 3, 'hairpinmode', /did you mean 'hairpinMode'/]]],
  [
    'several, each with its place',
    one('"mode": "nta",\n  "mtu": "big",\n  "vni": 0'),
    [
      [3, 3, 'mode', /"nta" must be one of/],
      [4, 3, 'mtu', /"big" must be/],
      [5, 3, 'vni', /must be a whole number/],
    ],
  ],
  [
    'one that hides others',
    one('"mode": "nta",\n  "hairpinmode": true'),
    [
      [3, 3, 'mode', /must be one of/],
      [4, 3, 'hairpinmode', /is unknown/],
    ],
  ],
  ['host bits', one('"subnet": "10.1.0.1/24"'), [[3, 3, 'ipam.ranges[0][0].subnet', /has host bits/]]],
  [
    'a range of the list',
    one('"ipam": {\n    "ranges": [[{ "subnet": "10.1.0.0/24",\n      "gateway": "10.2.0.1" }]] }'),
    [[5, 7, 'ipam.ranges[0][0].gateway', /is not in the subnet/]],
  ],
  [
    'a field that needs another',
    one('"mode": "vlan", "subnet": "10.1.0.0/24"'),
    [[3, 3, 'mode', /needs master/]],
  ],
  [
    'fields that exclude each other',
    one('"hairpinMode": true, "promiscMode": true'),
    [[3, 3, 'hairpinMode', /excludes promiscMode/]],
  ],
  [
    'a version of nobody',
    '{ "cniVersion": "9.9", "name": "a", "type": "vethwork" }',
    [[1, 3, 'cniVersion', /is not supported/]],
  ],
  ['a plugin without a type', '{ "name": "a", "plugins": [{}] }', [[1, 28, 'plugins[0].type', /is missing/]]],
  ['no plugins', '{ "name": "a", "plugins": [] }', [[1, 16, 'plugins', /at least one/]]],
  ['a name that is none', '{ "name": "a b", "plugins": [{ "type": "bridge" }] }', [[1, 3, 'name', /"a b"/]]],
  [
    'the second plugin of a list',
    '{ "name": "a", "plugins": [\n { "type": "bridge", "anything": 1 },\n { "type": "vethwork", "mode": "x" } ] }',
    [[3, 24, 'plugins[1].mode', /must be one of/]],
  ],
]

test.each(cases)('%s', (_, text, expected) => {
  expect(found(text)).toEqual(
    expected.map(([line, column, field, message]) => [
      line,
      column,
      'error',
      field,
      expect.stringMatching(message),
    ]),
  )
})

test('what other plugins take only they know', () => {
  expect(check('{ "name": "a", "plugins": [{ "type": "calico", "whatever": [] }] }')).toEqual([])
})

test('warnings: a field of a plugin in the list itself, and a name that stands twice', () => {
  expect(
    found('{ "name": "a", "mtu": 1400, "plugins": [{ "type": "bridge", "mtu": 1, "mtu": 1400 }] }').map(
      ([, , severity, field]) => [severity, field],
    ),
  ).toEqual([
    ['warning', 'mtu'],
    ['warning', 'plugins[0].mtu'],
  ])
})

const answers = {
  name: 'web',
  subnet: ['10.22.0.0/24', 'fd00:22::/64'],
  master: 'eth1',
  vlanId: 100,
  vni: 5000,
  peers: ['198.51.100.1'],
  key: 7,
}
const asked: Readonly<Record<(typeof modes)[number], readonly string[]>> = {
  nat: [],
  local: [],
  flat: ['master'],
  vlan: ['master', 'vlanId'],
  vxlan: ['master', 'vni'],
  gre: ['master', 'peers', 'key'],
  macvlan: ['master'],
  ipvlan: ['master'],
}

test.each(modes)('a new configuration of mode %s is taken, as a list and as one plugin', mode => {
  const own = Object.fromEntries(
    Object.entries(answers).filter(([key]) => ['name', 'subnet', ...asked[mode]].includes(key)),
  )
  const complete = { mode, ...own } as Parameters<typeof list>[0]
  expect(open(complete).filter(({ optional }) => !optional)).toEqual([])
  for (const json of [list(complete), plugin(complete), plugin({ ...complete, gateway: '10.22.0.9' })])
    expect(check(written(json))).toEqual([])
})
