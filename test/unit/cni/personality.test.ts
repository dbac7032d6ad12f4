import { expect, test } from '@jest/globals'
import { personalityOf } from '../../../cni/personality.ts'

const cases: Record<string, [name: string, role: string, lenient: boolean, more?: object]> = {
  '/opt/cni/bin/vethwork': ['vethwork', 'network', false],
  'vethwork-ipam': ['vethwork-ipam', 'ipam', false],
  './bridge': ['bridge', 'network', true],
  'bin/../bin/host-local': ['host-local', 'ipam', true],
  '/opt/bridge/vethwork-ipam': ['vethwork-ipam', 'ipam', false],
  '/opt/cni/bin/macvlan': ['macvlan', 'network', true, { mode: 'macvlan' }],
  './ipvlan': ['ipvlan', 'network', true, { mode: 'ipvlan' }],
  vlan: ['vlan', 'network', true, { mode: 'vlanlink' }],
  portmap: ['portmap', 'network', true, { mode: 'chained' }],
  './bandwidth': ['bandwidth', 'network', true, { mode: 'chained' }],
  tuning: ['tuning', 'network', true, { mode: 'chained' }],
  firewall: ['firewall', 'network', true, { mode: 'chained', defaults: { ingressPolicy: 'open' } }],
  sbr: ['sbr', 'network', true, { mode: 'chained', defaults: { sourceRouting: true } }],
  '/usr/bin/something': ['vethwork', 'network', false],
  '': ['vethwork', 'network', false],
  'bridge.bak': ['vethwork', 'network', false],
}
for (const [argv0, [name, role, lenient, more]] of Object.entries(cases))
  test(`called '${argv0}'`, () => expect(personalityOf(argv0)).toEqual({ name, role, lenient, ...more }))
