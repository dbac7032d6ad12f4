// Networks that leave the host, of the kinds for which a kernel must have 802.1Q, GRE and ipvlan.
import { afterEach, test } from '@jest/globals'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'
import { isChosen } from '../helpers/spanning-ids.ts'
import { stock } from '../helpers/spanning-modes.ts'
import { type Breaks, isFitted, isNoticed } from '../helpers/spanning-state.ts'
import { proveAll } from '../helpers/spanning-suite.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('tcpdump'),
  requireKernel('vlan'),
  // Also so that the tunnels that these modules put into each namespace are there from the start.
  requireKernel('gretap'),
  requireKernel('ip6gretap'),
  requireKernel('ipvlan'),
)

proveAll(ready, open, stock, 400)

ready('an MTU that does not fit is refused, with the number that does', () => {
  for (const name of ['vlan', 'gre', 'gre, IPv6', 'ipvlan l2'])
    test(name, () => isFitted(open, stock[name]!), 120_000)
})

ready('vlanIdRange', () => {
  test(
    'the same on both hosts, remembered, shown; another network has another',
    () => isChosen(open, stock.vlan!, { field: 'vlanId', type: 'vlan', word: 'VLAN' }),
    240_000,
  )
})

ready('CHECK notices', () => {
  const breaks: Record<string, Breaks> = {
    vlan: {
      down: ['ip link set UPLINK down', /set eth1\.100 up/],
      'out of the bridge': ['ip link set UPLINK nomaster', /set eth1\.100 master br-net-a/],
      gone: ['ip link del UPLINK', /create the vlan eth1\.100/],
    },
    gre: {
      down: ['ip link set UPLINK down', /set gre\w{10} up/],
      'out of the bridge': ['ip link set UPLINK nomaster', /set gre\w{10} master br-net-a/],
      // Or frames would go round for ever.
      'not isolated': ['bridge link set dev UPLINK isolated off', /set gre\w{10} .*isolated on/],
      'another MTU': ['ip link set UPLINK mtu 1300', /set gre\w{10} mtu 1458/],
      gone: ['ip link del UPLINK', /create the gretap gre\w{10}/],
    },
    'ipvlan l2': {
      down: ['INSIDE ip link set eth0 down', /set eth0 up/],
      'no address': ['INSIDE ip -4 addr flush dev eth0', /give eth0 the address 192\.0\.2\.1/],
      // All ipvlans of an interface have one mode: so does one of another network.
      'another mode': ['INSIDE ip link set eth0 type ipvlan mode l3', /create the ipvlan/],
      gone: ['INSIDE ip link del eth0', /create the ipvlan/],
    },
  }
  for (const [name, each] of Object.entries(breaks))
    test(name, () => isNoticed(open, stock[name]!, each), 240_000)
})
