#!/usr/bin/env bash
# Containers of one host among themselves: neither the host nor the outside, even if somebody adds routes by hand.
source "$(dirname "$0")/../lib.sh"

heading 'The network'
cat "$here/net.json"

heading 'A host, two containers, and a machine outside'
outside
machine c0 c1
before

heading 'ADD'
cni ADD c0
cni ADD c1

heading 'Proof, by packets: each other, and nobody else'
reaches c0 10.33.0.3
reaches c1 10.33.0.2
misses c0 198.51.100.1
misses c0 198.51.100.2

heading 'The picture'
vethwork topology

heading 'Not even with routes made by hand, and a host that forwards'
run sysctl -qw net.ipv4.ip_forward=1
run ip -n c0 route add default dev eth0
run ip route add 10.33.0.0/24 dev br-lab
run ip -n outside route add 10.33.0.0/24 via 198.51.100.1
misses c0 198.51.100.1
fails 'the host does not reach c0' ping -c1 -W1 10.33.0.2
misses outside 10.33.0.2
reaches c0 10.33.0.3

heading 'DEL'
cni DEL c0
cni DEL c1
run vethwork prune
run sysctl -qw net.ipv4.ip_forward=0
nothing_is_left
finish
