#!/usr/bin/env bash
# One layer 2 across two hosts on an underlay without multicast. First every VTEP has the list of all: it sends a copy of
# what is for everybody to each of them. Then nobody has a list, and a control plane tells each who is where.
source "$(dirname "$0")/../hosts.sh"

heading 'Two networks with the same subnet: VNI 5000, and VNI 5001'
cat "$here/blue.json"

heading 'Two hosts and a switch; a container of blue on each, and one of green on the second'
two_hosts
machine blue1 blue2 green2
both before

heading 'ADD'
listen wire switch port1 'udp port 4789'
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
heard 'ARP went straight to host2' wire '198.51.100.1.* > 198.51.100.2.4789: .*vni 5000.*who-has 10.50.0.12 tell 10.50.0.11'
nothing_heard 'multicast' wire 'ip multicast'
hush green
nothing_heard 'green heard' green

heading 'What the VTEP of host1 was given, and what it has learned'
on host1 shows 'for everybody' '00:00:00:00:00:00 dst 198.51.100.2' bridge fdb show dev vx5000
on host1 shows 'for blue2' "$(mac blue2) dst 198.51.100.2" bridge fdb show dev vx5000

heading 'A network that is told everything: neither peers nor group, and nothing is learned'
cat "$here/told.json"
machine told1 told2
add host1 told1 10.52.0.11 "$here/told.json"
add host2 told2 10.52.0.12 "$here/told.json"
misses told1 10.52.0.12
on host1 run vethwork fdb add told 10.52.0.12 "$(mac told2)" 198.51.100.2
on host2 run vethwork fdb add told 10.52.0.11 "$(mac told1)" 198.51.100.1
on host1 run vethwork fdb list told
listen wire switch port1 'udp port 4789'
ip -n told1 neigh flush dev eth0
reaches told1 10.52.0.12
reaches told2 10.52.0.11
hush wire
heard 'ping' wire 'vni 5002.*10.52.0.11 > 10.52.0.12: ICMP echo request'
is 'ARP requests on the wire' 0 "$(decoded wire | grep 'vni 5002' | grep -c 'who-has')"

heading 'The picture'
picture

heading 'DEL, and prune'
on host1 cni DEL blue1 "$here/blue.json"
on host2 cni DEL blue2 "$here/blue.json"
on host2 cni DEL green2 "$here/green.json"
on host1 cni DEL told1 "$here/told.json"
on host2 cni DEL told2 "$here/told.json"
both run vethwork prune
both nothing_is_left
finish
