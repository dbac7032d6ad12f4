// The JSON Schema takes what the validator takes, and refuses whatever is wrong by its shape.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Ajv } from 'ajv'
import { parseConfig } from '../../../cni/config.ts'
import { refuseContradictions } from '../../../cni/contradictions.ts'
import { groups, objects } from '../../../cni/schema/descriptions.ts'
import { configurationSchema } from '../../../cni/schema/jsonschema.ts'
import { network } from '../../../cni/schema/network.ts'
import { validate } from '../../../cni/schema/validate.ts'
import { check } from '../../../src/cli/conf/check.ts'
import { list, plugin, modes as sampleModes } from '../../../src/cli/conf/samples.ts'
import { configOf, families, modeNames } from '../../helpers/modes.ts'
import { type Case, fields, good, isolation, pools } from '../../netns/badinput-cases.ts'
import { rates } from '../../netns/badinput-rates.ts'
import { onlyTheValidator } from './onlythevalidator.ts'
import { refusal } from './refusal.ts'
import { gre, vlan, vxlan, wrong } from './spanning-cases.ts'

const schema = configurationSchema()
const ajv = new Ajv({ allErrors: true, strictTypes: false })
const isTaken = ajv.addSchema(schema, 'conf').getSchema('conf')!

const minimal = { cniVersion: '1.1.0', name: 'web', type: 'vethwork' }
const json = (file: string) => JSON.parse(readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8'))
const textOf = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')

test('it is a schema', () => {
  expect(ajv.validateSchema(schema)).toBe(true)
  expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#')
})

describe('every field has its description, and every description its field', () => {
  const described: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    ...objects,
    network: Object.assign({}, ...Object.values(groups)),
  }
  const made = Object.entries(schema.definitions ?? {}) as [string, { properties?: object }][]
  const withFields = made.filter(([name]) => !['list', 'plugin'].includes(name))
  test('definitions', () =>
    expect(withFields.map(([name]) => name).sort()).toEqual(Object.keys(described).sort()))
  test.each(withFields)('%s', (name, { properties = {} }) => {
    expect(Object.keys(described[name] ?? {}).sort()).toEqual(Object.keys(properties).sort())
  })
})

describe('taken', () => {
  const isExample = (name: string) => /\.(conf|conflist|json)$/.test(name)
  const examples = readdirSync(new URL('../../../examples', import.meta.url), { recursive: true })
    .map(name => `examples/${name}`)
    .filter(isExample)
  const pages = ['README.md', 'examples/HOSTS.md', 'examples/SERVICES.md'].map(textOf).join('\n')
  const shown = [...pages.matchAll(/```json\n([\s\S]*?)```/g)]
    .map(([, text = '']) => JSON.parse(text))
    .filter(one => one.type === 'vethwork')
  const answers = { name: 'web', subnet: ['10.1.0.0/24'], master: 'eth1', vlanId: 7, vni: 7, key: 7 }
  const samples = sampleModes.map(mode => ({ ...answers, mode, peers: ['192.0.2.1'] }))
  const taken: [string, unknown][] = [
    ['nothing but a name', { name: 'web' }],
    ...examples.map((file): [string, unknown] => [file, json(file)]),
    ...shown.map((one, n): [string, unknown] => [`page ${n + 1}`, one]),
    ...samples.flatMap((one): [string, unknown][] => [
      [`sample ${one.mode}`, plugin(one)],
      [`sample list ${one.mode}`, list(one)],
    ]),
    ...modeNames.flatMap(mode =>
      families.map((family): [string, unknown] => [`${mode} ${family}`, configOf(mode, family)]),
    ),
    ...Object.entries({ vlan, vxlan, gre }).map(([name, one]): [string, unknown] => [
      name,
      { ...minimal, ...one },
    ]),
    ['a field of somebody else', { ...minimal, 'example.com/x': 1 }],
    ['what editors look for', { ...minimal, $schema: './vethwork.schema.json' }],
    ['the same in a list', { $schema: 'x', name: 'web', plugins: [{ type: 'vethwork' }] }],
    ['a delegate', { ...minimal, ipam: { type: 'static', addresses: [] } }],
    ['another plugin', { name: 'web', type: 'bridge', anything: 1 }],
    ['another plugin of a list', { name: 'web', plugins: [{ type: 'calico', whatever: [] }] }],
  ]
  test('there are many', () => expect(taken.length).toBeGreaterThan(50))
  test.each(taken)('%s', (_, config) => {
    expect([isTaken(config), isTaken.errors ?? []]).toEqual([true, []])
    // And so does the validator, of files as they are.
    const file = config as object
    expect(check(JSON.stringify('plugins' in file ? file : { type: 'vethwork', ...file }))).toEqual([])
  })
})

describe('refused', () => {
  const tables: Readonly<Record<string, Case>> = { ...fields, ...isolation, ...rates, ...pools }
  const configs = [
    ...Object.entries(tables).flatMap(([name, { config, code, call }]): [string, object][] =>
      typeof config === 'object' && (code === 2 || code === 7) && !call
        ? [[name, { ...good, ...config }]]
        : [],
    ),
    ...Object.entries(wrong).map(([name, [config]]): [string, object] => [
      `spanning: ${name}`,
      { ...minimal, ...config },
    ]),
  ]
  const seen = configs.filter(([, config]) => !isTaken(JSON.parse(JSON.stringify(config))))
  test('but by the validator alone', () => {
    const unseen = configs.filter(one => !seen.includes(one)).map(([name]) => name)
    expect(unseen.sort()).toEqual(Object.values(onlyTheValidator).flat().sort())
  })
})

/** Values of every kind. */
const values = [
  true,
  'true',
  '',
  'x',
  '10.1.0.0/24',
  '02:42:0a:16:00:02',
  '3001-4000',
  '/run/x',
  0,
  -1,
  1,
  1.5,
  68,
  4094,
  4095,
  65535,
  65536,
  16777216,
  4294967295,
  4294967296,
  [],
  ['x'],
  [7],
  [[]],
  [{}],
  [['x']],
  [{ id: 7 }],
  [{ id: 4095 }],
  {},
  { x: 1 },
  { x: 'y' },
  { x: true },
  { x: [] },
  { x: [{ ports: 80 }] },
  { type: 'vethwork-ipam', x: 1 },
  { type: 'other', x: 1 },
  { cni: { mac: 'x' } },
  { cni: { ips: [] } },
  'nat',
  'gre',
  'iptables',
  'isolated',
  'vepa',
  'l3s',
]

describe('each field with each value: schema and validator say the same', () => {
  const isFitting = ajv.getSchema('conf#/definitions/network')!
  const own = Object.keys(Object.assign({}, ...Object.values(groups)) as object)
  // What is judged elsewhere: cniVersion and name by themselves, these two by schemas of their own.
  const apart = ['cniVersion', 'name', 'ipam', 'runtimeConfig', 'mode']
  test.each(own.filter(field => !apart.includes(field)))('%s', field => {
    for (const value of values) {
      const config = { name: 'web', [field]: value }
      const isRight = refusal(() => validate(network, config)) === undefined
      expect({ value, isRight: Boolean(isFitting(config)) }).toEqual({ value, isRight })
    }
  })

  test.each(own)('%s: whatever is taken by the validator', field => {
    for (const value of values) {
      const config = { ...minimal, [field]: value }
      const isRight =
        refusal(() => {
          const { net, ipam } = parseConfig(JSON.stringify(config))
          refuseContradictions(net, ipam)
        }) === undefined
      if (isRight) expect([config, isTaken(config)]).toEqual([config, true])
    }
  })
})
