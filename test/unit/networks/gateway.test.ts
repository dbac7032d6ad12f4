import { expect, test } from '@jest/globals'
import { parseConfig } from '../../../cni/config.ts'
import type { Lease, Route } from '../../../ipam/lease.ts'
import { routed, viaGateway } from '../../../src/networks/gateway.ts'

const net = (fields: object) => parseConfig(JSON.stringify({ name: 'web', ...fields })).net
const lease = (routes: Route[] = []): Lease => ({
  addresses: [{ address: '10.1.0.7/16' }, { address: 'fd00::7/64', gateway: 'fd00::fe' }],
  routes,
  dns: {},
})
const v4 = { dst: '0.0.0.0/0', gw: '10.1.0.1' }
const v6 = { dst: '::/0', gw: 'fd00::fe' }

const gatewayOf = (fields: object) => routed(net(fields), lease()).addresses.map(({ gateway }) => gateway)

test('where the lease names no gateway, isGateway takes the first address of the subnet', () => {
  expect(gatewayOf({})).toEqual([undefined, 'fd00::fe'])
  expect(gatewayOf({ isGateway: true })).toEqual(['10.1.0.1', 'fd00::fe'])
  expect(gatewayOf({ isDefaultGateway: true })).toEqual(['10.1.0.1', 'fd00::fe'])
  expect(gatewayOf({ mode: 'nat' })).toEqual(['10.1.0.1', 'fd00::fe'])
})

const defaults: [name: string, fields: object, given: Route[], got: Route[]][] = [
  ['not asked for', { isGateway: true }, [], []],
  ['asked for', { isDefaultGateway: true }, [], [v4, v6]],
  ['mode nat', { mode: 'nat' }, [], [v4, v6]],
  ['mode nat, not wanted', { mode: 'nat', isDefaultGateway: false }, [], []],
  [
    'one in the lease',
    { isDefaultGateway: true },
    [{ ...v4, gw: '10.1.0.9' }],
    [{ ...v4, gw: '10.1.0.9' }, v6],
  ],
  // Else there would be the same route twice, which the kernel refuses.
  ['one without a gateway in the lease', { mode: 'nat' }, [{ dst: '0.0.0.0/0' }], [v4, v6]],
  [
    'one in another table',
    { isDefaultGateway: true },
    [{ ...v4, table: 100 }],
    [{ ...v4, table: 100 }, v4, v6],
  ],
]

test.each(defaults)('default routes: %s', (_, fields, given, got) => {
  expect(viaGateway(routed(net(fields), lease(given)))).toEqual(got)
})

test('a route without a gateway goes by that of its family, if there is one and it is not a link’s', () => {
  const routes = [{ dst: '192.0.2.0/24' }, { dst: '2001:db8::/32' }, { dst: '198.51.100.0/24', scope: 253 }]
  expect(viaGateway(routed(net({ isGateway: true }), lease(routes)))).toEqual([
    { dst: '192.0.2.0/24', gw: '10.1.0.1' },
    { dst: '2001:db8::/32', gw: 'fd00::fe' },
    { dst: '198.51.100.0/24', scope: 253 },
  ])
  expect(viaGateway(routed(net({}), lease([{ dst: '192.0.2.0/24' }])))).toEqual([{ dst: '192.0.2.0/24' }])
})
