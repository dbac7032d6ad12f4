#!/usr/bin/env bash
# One layer 2 across two hosts, whose VTEPs find each other by a multicast group: the first frame goes to the group, and
# from its sender and its answer both kernels learn who is behind which host.
source "$(dirname "$0")/../hosts.sh"

heading 'Two networks with the same subnet: VNI 5000, and VNI 5001'
cat "$here/blue.json"

heading 'Two hosts and a switch; a container of blue on each, and one of green on the second'
two_hosts
machine blue1 blue2 green2
both before

heading 'ADD: with its first container a host joins the group'
listen wire switch port1 'igmp or udp port 4789'
add host1 blue1 10.50.0.11 "$here/blue.json"
add host2 blue2 10.50.0.12 "$here/blue.json"
echo '  green2 has the very address of blue2:'
add host2 green2 10.50.0.12 "$here/green.json"

heading 'Proof, by packets: both ways, up to the largest packet'
listen green green2 eth0 'arp or icmp'
reaches blue1 10.50.0.12
reaches blue2 10.50.0.11
is 'MTU in the container: 1500 - 50' 1450 "$(mtu blue1)"
works 'a packet of 1450 bytes fits' ip netns exec blue1 ping -c1 -W1 -M do -s 1422 10.50.0.12
fails 'a packet of 1451 does not' ip netns exec blue1 ping -c1 -W1 -M do -s 1423 10.50.0.12

heading 'What was on the wire, as tcpdump has it'
hush wire
heard 'host1 has joined the group' wire '198.51.100.1 > 224.0.0.22: igmp .*239\.1\.1\.1'
heard 'ARP asked the group' wire '198.51.100.1.* > 239.1.1.1.4789: .*vni 5000.*who-has 10.50.0.12'
heard 'ping went to the one host' wire '198.51.100.1.* > 198.51.100.2.4789: .*vni 5000.*echo request'
hush green
nothing_heard 'green heard' green

heading 'What the VTEPs have learned'
on host1 shows 'blue2 is behind host2' "$(mac blue2) dst 198.51.100.2" bridge fdb show dev vx5000
on host2 shows 'blue1 is behind host1' "$(mac blue1) dst 198.51.100.1" bridge fdb show dev vx5000

heading 'The picture'
picture

heading 'DEL, and prune'
on host1 cni DEL blue1 "$here/blue.json"
on host2 cni DEL blue2 "$here/blue.json"
on host2 cni DEL green2 "$here/green.json"
both run vethwork prune
both nothing_is_left
finish
