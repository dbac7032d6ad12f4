// Tables of fields and error codes are what the definitions say. UPDATE_EXAMPLES=1 writes it anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { fieldTables } from '../../../src/cli/reference/fields.ts'
import { withTables } from '../../helpers/tables.ts'

const root = new URL('../../../', import.meta.url).pathname

test.each(['README.md', 'examples/FIELDS.md'])('%s', file => {
  const text = readFileSync(root + file, 'utf8')
  expect(text).toMatch(/<!-- fields /)
  const right = withTables(text)
  if (process.env.UPDATE_EXAMPLES) writeFileSync(root + file, right)
  else expect(text).toBe(right)
})

test('values and defaults', () => {
  const rows = fieldTables().flatMap(({ title, rows }) => rows.map(row => ({ title, ...row })))
  const row = (field: string, title?: string) =>
    rows.find(one => one.field === field && (!title || one.title === title))
  expect(row('bridge')).toMatchObject({ otherwise: 'cni0; with a mode br-NAME' })
  expect(row('ipMasq')).toMatchObject({ values: 'true, false', otherwise: 'false; of nat true' })
  expect(row('vlanId')).toMatchObject({ values: '1-4094', otherwise: '' })
  expect(row('mtu')).toMatchObject({ values: '0 or 68-65535' })
  expect(row('port')).toMatchObject({ otherwise: '4789' })
  expect(row('securityGroups')).toMatchObject({ values: 'object of lists of rules' })
  expect(row('containerPort')).toMatchObject({ values: '1-65535', otherwise: 'required' })
  expect(row('subnet', 'A range of ipam.ranges')).toMatchObject({ otherwise: 'required' })
  expect(rows.map(({ values }) => values)).not.toContain('anything')
})
