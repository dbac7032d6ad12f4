#!/usr/bin/env bash
# Two VLANs of one trunk that joins two hosts. One configuration serves both, although the trunk is eth1 on one and ens33
# on the other: each host's own file says which.
source "$(dirname "$0")/../hosts.sh"
needs '802.1Q' 'link v0 type vlan id 2'

heading 'Two networks with the same subnet: VLAN 100, and VLAN 101'
cat "$here/blue.json"

heading 'Two hosts and a switch; a container of each network on each'
two_hosts eth1 ens33
head host1.json host2.json
machine blue1 blue2 green1 green2
both before

heading 'ADD: the same addresses in both networks'
add host1 blue1 10.100.0.11 "$here/blue.json"
add host2 blue2 10.100.0.12 "$here/blue.json"
add host1 green1 10.100.0.11 "$here/green.json"
add host2 green2 10.100.0.12 "$here/green.json"

heading 'Proof, by packets: both ways, up to the largest packet'
listen wire switch port1 vlan
listen green green2 eth0 'arp or icmp'
reaches blue1 10.100.0.12
reaches blue2 10.100.0.11
works 'a packet of 1500 bytes fits' ip netns exec blue1 ping -c1 -W1 -M do -s 1472 10.100.0.12
fails 'a packet of 1501 does not' ip netns exec blue1 ping -c1 -W1 -M do -s 1473 10.100.0.12
hush green
nothing_heard 'green heard' green
reaches green1 10.100.0.12

heading 'What was on the wire, as tcpdump has it'
hush wire
heard 'blue' wire 'vlan 100, .*10.100.0.11 > 10.100.0.12: ICMP echo request'
heard 'green' wire 'vlan 101, .*10.100.0.11 > 10.100.0.12: ICMP echo request'

heading 'The picture'
picture

heading 'DEL, and prune'
on host1 cni DEL blue1 "$here/blue.json"
on host2 cni DEL blue2 "$here/blue.json"
on host1 cni DEL green1 "$here/green.json"
on host2 cni DEL green2 "$here/green.json"
both run vethwork prune
both nothing_is_left
finish
