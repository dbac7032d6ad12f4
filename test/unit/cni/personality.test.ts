import { expect, test } from '@jest/globals'
import { personalityOf } from '../../../cni/personality.ts'

const cases: Record<string, [role: string, lenient: boolean, mode?: string]> = {
  '/opt/cni/bin/vethwork': ['network', false],
  'vethwork-ipam': ['ipam', false],
  './bridge': ['network', true],
  'bin/../bin/host-local': ['ipam', true],
  '/opt/bridge/vethwork-ipam': ['ipam', false],
  '/opt/cni/bin/macvlan': ['network', true, 'macvlan'],
  './ipvlan': ['network', true, 'ipvlan'],
  vlan: ['network', true, 'vlanlink'],
  '/usr/bin/something': ['network', false],
  '': ['network', false],
  'bridge.bak': ['network', false],
}
for (const [argv0, [role, lenient, mode]] of Object.entries(cases))
  test(`called '${argv0}'`, () => expect(personalityOf(argv0)).toEqual({ role, lenient, mode }))
