// By netlink and by programs the same state, for what a stock kernel has: 802.1Q, GRE, ipvlan, VLAN-aware bridges.
import { afterEach, test } from '@jest/globals'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { isTheSame } from '../helpers/samestate.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireKernel('vlan'),
  // Also so that the tunnels that these modules put into each namespace are there from the start.
  requireKernel('gretap'),
  requireKernel('ip6gretap'),
  requireKernel('ipvlan'),
)

const network = (fields: object) => ({
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'net-1',
  ipam: { type: 'vethwork-ipam', ranges: [[{ subnet: '10.44.0.0/24' }], [{ subnet: 'fd00:44::/64' }]] },
  ...fields,
})
const access = { bridge: 'br0', isGateway: true, preserveDefaultVlan: false }

const networks: Readonly<Record<string, object>> = {
  vlan: { mode: 'vlan', master: 'eth0', vlanId: 100 },
  gre: { mode: 'gre', master: 'eth0', key: 700, peers: ['192.0.2.1', '192.0.2.2'] },
  'gre, IPv6': { mode: 'gre', local: '2001:db8::1', key: 700, peers: ['2001:db8::1', '2001:db8::2'] },
  'ipvlan l2': { mode: 'ipvlan', master: 'eth0' },
  'ipvlan l3': { mode: 'ipvlan', master: 'eth0', ipvlanMode: 'l3' },
  'macvlan, private': { mode: 'macvlan', master: 'eth0', macvlanMode: 'private', bcqueuelen: 100 },
  vlanlink: { mode: 'vlanlink', master: 'eth0', vlanId: 100 },
  'an access port': { ...access, vlan: 100 },
  'a trunk port': { ...access, vlan: 100, vlanTrunk: [{ id: 200 }, { minID: 300, maxID: 305 }] },
}

ready('netlink and iproute2', () => {
  test.each(Object.entries(networks))('%s', (_, fields) => isTheSame(open, network(fields)), 120_000)
})
