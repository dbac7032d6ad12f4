#!/usr/bin/env bash
# One layer 2 across two hosts: a GRE tunnel from each to each, whose key says which network a frame is of.
source "$(dirname "$0")/../hosts.sh"
needs 'GRE (gretap)' 'type gretap local 192.0.2.1 remote 192.0.2.2 key 1'

heading 'Two networks with the same subnet: key 5000, and key 5001'
cat "$here/blue.json"

heading 'Two hosts and a switch; a container of each network on each'
two_hosts
machine blue1 blue2 green1 green2
both before

heading 'ADD: the same addresses in both networks'
add host1 blue1 10.60.0.11 "$here/blue.json"
add host2 blue2 10.60.0.12 "$here/blue.json"
add host1 green1 10.60.0.11 "$here/green.json"
add host2 green2 10.60.0.12 "$here/green.json"

heading 'Proof, by packets: both ways, up to the largest packet'
listen wire switch port1 'ip proto 47'
listen green green2 eth0 'arp or icmp'
reaches blue1 10.60.0.12
reaches blue2 10.60.0.11
is 'MTU in the container: 1500 - 42' 1458 "$(mtu blue1)"
works 'a packet of 1458 bytes fits' ip netns exec blue1 ping -c1 -W1 -M do -s 1430 10.60.0.12
fails 'a packet of 1459 does not' ip netns exec blue1 ping -c1 -W1 -M do -s 1431 10.60.0.12
hush green
nothing_heard 'green heard' green
reaches green1 10.60.0.12

heading 'What was on the wire, as tcpdump has it: key 5000 is 0x1388, key 5001 0x1389'
hush wire
heard 'blue' wire '198.51.100.1 > 198.51.100.2: GREv0, .*key=0x1388, .*10.60.0.11 > 10.60.0.12: ICMP echo request'
heard 'green' wire '198.51.100.1 > 198.51.100.2: GREv0, .*key=0x1389, .*10.60.0.11 > 10.60.0.12: ICMP echo request'

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
