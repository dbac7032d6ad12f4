// Networks that leave the host, and what is no such network.

export const master = 'eth1'
export const vlan = { mode: 'vlan', master, vlanId: 100 }
export const vxlan = { mode: 'vxlan', master, vni: 5000 }
export const gre = { mode: 'gre', master, key: 1, peers: ['192.0.2.1'] }

/** What must be refused, and in which words. */
export const wrong: Readonly<Record<string, [fields: object, says: RegExp]>> = {
  'no such mode': [{ mode: 'vlna' }, /^mode: "vlna".*must be one of/],
  'vlanId 0': [{ ...vlan, vlanId: 0 }, /^vlanId: 0 must be a whole number from 1 to 4094/],
  'vlanId 4095': [{ ...vlan, vlanId: 4095 }, /^vlanId: 4095 must be a whole number from 1 to 4094/],
  'vlanId as text': [{ ...vlan, vlanId: '100' }, /^vlanId: "100"/],
  'no vlanId': [{ mode: 'vlan', master }, /"vlan" needs vlanId/],
  'vlanIdRange as a number': [{ mode: 'vlan', master, vlanIdRange: 3001 }, /^vlanIdRange: 3001/],
  'vlanIdRange of words': [{ mode: 'vlan', master, vlanIdRange: 'all' }, /must be a range as 3001-4000/],
  'vlan without master': [{ mode: 'vlan', vlanId: 7 }, /"vlan" needs master/],
  'flat without master': [{ mode: 'flat' }, /"flat" needs master/],
  'a master that is no name': [{ mode: 'flat', master: 'eth1; reboot' }, /^master: "eth1; reboot"/],
  'vni 0': [{ ...vxlan, vni: 0 }, /^vni: 0 must be a whole number from 1 to 16777215/],
  'vni 2^24': [{ ...vxlan, vni: 2 ** 24 }, /^vni: 16777216 must be/],
  'no vni': [{ mode: 'vxlan', master }, /"vxlan" needs vni/],
  'vxlan from nowhere': [{ mode: 'vxlan', vni: 1 }, /"vxlan" needs master or local/],
  'port 0': [{ ...vxlan, port: 0 }, /^port: 0 must be a whole number from 1 to 65535/],
  'port 65536': [{ ...vxlan, port: 65536 }, /^port: 65536/],
  'group that is unicast': [
    { ...vxlan, group: '192.0.2.9' },
    /group: "192\.0\.2\.9" is no multicast address/,
  ],
  'group that is unicast, IPv6': [{ ...vxlan, group: '2001:db8::9' }, /is no multicast address/],
  'group that is no address': [{ ...vxlan, group: 'everybody' }, /^group: "everybody"/],
  'group without master': [
    { mode: 'vxlan', vni: 1, local: '192.0.2.1', group: '239.1.1.1' },
    /group needs master/,
  ],
  'local that is no address': [{ ...vxlan, local: 'eth1' }, /^local: "eth1"/],
  'local with a prefix': [{ ...vxlan, local: '192.0.2.1/24' }, /^local: "192\.0\.2\.1\/24"/],
  'peers that are no list': [{ ...vxlan, peers: '192.0.2.2' }, /^peers: "192\.0\.2\.2"/],
  'a peer that is no address': [{ ...vxlan, peers: ['192.0.2.2', 'host3'] }, /^peers\[1\]: "host3"/],
  'a peer in a lenient spelling': [{ ...vxlan, peers: ['192.0.2.010'] }, /^peers\[0\]: "192\.0\.2\.010"/],
  'txChecksum as text': [{ ...vxlan, txChecksum: 'off' }, /^txChecksum: "off"/],
  'txChecksum of what has no tunnel': [
    { mode: 'flat', master, txChecksum: false },
    /^txChecksum is for mode: "vxlan"/,
  ],
  'learning as text': [{ ...vxlan, learning: 'no' }, /^learning: "no"/],
  'key -1': [{ ...gre, key: -1 }, /^key: -1 must be a whole number from 0 to 4294967295/],
  'key 2^32': [{ ...gre, key: 2 ** 32 }, /^key: 4294967296/],
  'gre without peers': [{ mode: 'gre', master, key: 1 }, /"gre" needs peers/],
  macvlanMode: [{ mode: 'macvlan', macvlanMode: 'l2' }, /^macvlanMode: "l2"/],
  ipvlanMode: [{ mode: 'ipvlan', ipvlanMode: 'bridge' }, /^ipvlanMode: "bridge"/],
  'macvlan with a gateway': [{ mode: 'macvlan', isGateway: true }, /"macvlan" excludes isGateway and ipMasq/],
  'ipvlan that masquerades': [{ mode: 'ipvlan', ipMasq: true }, /"ipvlan" excludes/],
  'physicalNetwork as a number': [{ mode: 'flat', physicalNetwork: 7 }, /^physicalNetwork: 7/],
  'vlan 4095': [{ vlan: 4095 }, /^vlan: 4095/],
  'a trunk of half a range': [{ vlanTrunk: [{ minID: 7 }] }, /^vlanTrunk\[0\]: /],
  'a trunk backwards': [{ vlanTrunk: [{ minID: 9, maxID: 7 }] }, /^vlanTrunk\[0\]: minID 9 and maxID 7/],
  'a trunk of 4095': [{ vlanTrunk: [{ id: 4095 }] }, /^vlanTrunk\[0\]/],
  'a trunk of 0': [{ vlanTrunk: [{ id: 0 }] }, /^vlanTrunk\[0\]/],
  'a trunk of a word': [{ vlanTrunk: [{ id: 'seven' }] }, /^vlanTrunk\[0\]/],
  'a trunk of nothing': [{ vlanTrunk: [{}] }, /^vlanTrunk\[0\]/],
}
