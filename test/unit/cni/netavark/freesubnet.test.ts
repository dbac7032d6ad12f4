// Which subnets podman's networks have: one file a network, whatever stands in the others.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { subnetsIn } from '../../../../cni/netavark/freesubnet.ts'

const directory = mkdtempSync(join(tmpdir(), 'vethwork-podman-'))
afterAll(() => rmSync(directory, { recursive: true }))

it('takes no subnet for free because another file cannot be read', () => {
  const files = {
    'a.json': '{',
    'b.json': JSON.stringify({ name: 'b', subnets: [{ subnet: '10.89.0.0/24' }, { subnet: 'fd00::/64' }] }),
    'c.json': JSON.stringify({ name: 'c', subnets: null }),
    'd.json': JSON.stringify({ name: 'd', subnets: 'all' }),
    'e.json': JSON.stringify({ name: 'e', subnets: [{ subnet: '10.89.1.0/24' }] }),
    'f.conf': JSON.stringify({ name: 'f', subnets: [{ subnet: '10.89.2.0/24' }] }),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  expect(subnetsIn(directory).toSorted()).toEqual(['10.89.0.0/24', '10.89.1.0/24', 'fd00::/64'])
  expect(subnetsIn(join(directory, 'none'))).toEqual([])
})
