// What iproute2 6.1 printed (`ip -j -d`, shortened to what is of interest), in our words.
import { expect, test } from '@jest/globals'
import { linkOf, routeOf } from '../../../src/linux/ipjson.ts'

const captured = {
  bridge: `{"ifindex":2,"ifname":"br0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1400,"operstate":"UP",
    "link_type":"ether","address":"a2:99:da:98:70:d5","promiscuity":0,"linkinfo":{"info_kind":"bridge","info_data":{"vlan_filtering":0}},
    "ifalias":"vethwork:web","addr_info":[{"family":"inet","local":"10.1.0.1","prefixlen":24,"scope":"global","label":"br0"},
    {"family":"inet6","local":"fd00::1","prefixlen":64,"scope":"global","tentative":true},
    {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link","dadfailed":true,"tentative":true}]}`,
  port: `{"ifindex":3,"link_index":2,"ifname":"veth1","flags":["BROADCAST","MULTICAST","PROMISC"],"mtu":1500,"master":"br0",
    "operstate":"LOWERLAYERDOWN","address":"fe:00:00:00:00:01","promiscuity":2,"linkinfo":{"info_kind":"veth","info_slave_kind":"bridge",
    "info_slave_data":{"state":"disabled","hairpin":true,"isolated":true}},"addr_info":[]}`,
  lo: `{"ifindex":1,"ifname":"lo","flags":["LOOPBACK"],"mtu":65536,"operstate":"DOWN","link_type":"loopback",
    "address":"00:00:00:00:00:00","promiscuity":0,"addr_info":[]}`,
}
const parsed = (name: keyof typeof captured) => linkOf(JSON.parse(captured[name]))

test('a bridge', () => {
  const fine = { tentative: false, dadFailed: false }
  expect(parsed('bridge')).toEqual({
    name: 'br0',
    index: 2,
    type: 'bridge',
    mac: 'a2:99:da:98:70:d5',
    mtu: 1400,
    up: true,
    operstate: 'UP',
    promisc: false,
    allmulti: false,
    txQLen: 0,
    alias: 'vethwork:web',
    master: '',
    lower: '',
    details: { vlan_filtering: 0 },
    port: undefined,
    addresses: [
      { address: '10.1.0.1/24', scope: 'global', words: '', ...fine },
      { address: 'fd00::1/64', scope: 'global', words: '', ...fine, tentative: true },
      { address: 'fe80::1/64', scope: 'link', tentative: true, dadFailed: true, words: '' },
    ],
  })
})

test('a port: what the bridge knows of it', () => {
  expect(parsed('port')).toMatchObject({
    type: 'veth',
    master: 'br0',
    up: false,
    promisc: true,
    operstate: 'LOWERLAYERDOWN',
    alias: '',
    port: { hairpin: true, isolated: true, state: 'disabled' },
  })
})

test('an interface of no type', () => {
  expect(parsed('lo')).toMatchObject({ type: '', up: false, port: undefined, addresses: [] })
})

const routes: [json: object, family: 4 | 6, route: object][] = [
  [
    { dst: 'default', gateway: '10.1.0.1', table: '254' },
    4,
    { dst: '0.0.0.0/0', gw: '10.1.0.1', table: '254', priority: 0, mtu: 0, advmss: 0 },
  ],
  [{ dst: 'default', gateway: 'fd00::1', metric: 1024 }, 6, { dst: '::/0', gw: 'fd00::1', priority: 1024 }],
  [{ dst: '192.0.2.7', table: '100' }, 4, { dst: '192.0.2.7/32', gw: '', table: '100' }],
  [{ dst: 'fd00::7' }, 6, { dst: 'fd00::7/128' }],
  [{ dst: '10.1.0.0/24', table: 254 }, 4, { dst: '10.1.0.0/24', table: '254' }],
  [
    { dst: '10.2.0.0/16', metric: 50, metrics: [{ mtu: 1300, advmss: 1200 }] },
    4,
    { priority: 50, mtu: 1300, advmss: 1200 },
  ],
]
test.each(routes)('route %j', (json, family, route) => {
  expect(routeOf(json as never, family)).toMatchObject({ family, ...route })
})
