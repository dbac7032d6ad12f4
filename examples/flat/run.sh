#!/usr/bin/env bash
# Containers on the physical network itself: the host's interface becomes a port of a bridge, which takes over its address
# and its routes; in the end the interface gets them back.
source "$(dirname "$0")/../hosts.sh"

heading 'The network: the LAN of the hosts'
cat "$here/net.json"

heading 'Two hosts on a switch; behind its router, 198.51.100.254, lies 203.0.113.1'
two_hosts
run ip addr add 198.51.100.254/24 dev switch
run ip addr add 203.0.113.1/32 dev lo
machine c1 c2
for n in 1 2; do on host$n run ip route add default via 198.51.100.254; done
both before

heading 'ADD, while host1 is talking to host2'
on host1 inside ping -q -i 0.01 -w 3 198.51.100.2 >talk &
talk=$!
add host1 c1 198.51.100.11 "$here/net.json"
add host2 c2 198.51.100.12 "$here/net.json"
wait $talk
lost=$(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 - \2/p' talk)
is 'fewer than 10 packets were lost' yes "$([ $((lost)) -lt 10 ] && echo yes || echo "$((lost))")"

heading "The address and the routes are the bridge's now"
on host1 run ip -br -4 address
on host1 run ip route

heading 'Proof, by packets: containers and hosts are neighbours, and nothing is wrapped'
listen wire switch port1 icmp
reaches c1 198.51.100.12
reaches c2 198.51.100.11
reaches c1 198.51.100.2
reaches c1 198.51.100.1
reaches c1 203.0.113.1
works 'a packet of 1500 bytes fits' ip netns exec c1 ping -c1 -W1 -M do -s 1472 198.51.100.12
hush wire
heard 'the frame of c1, as it is' wire "^$(mac c1) > $(mac c2), .*198.51.100.11 > 198.51.100.12: ICMP echo request"

heading 'The picture'
picture

heading 'DEL, and prune: the interfaces get back what was theirs'
on host1 cni DEL c1
on host2 cni DEL c2
both run vethwork prune
on host1 works 'host1 reaches host2' ping -c1 -W1 198.51.100.2
both nothing_is_left
finish
