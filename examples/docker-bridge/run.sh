#!/usr/bin/env bash
# "docker0 by hand", done by the plugin, without any container runtime: two containers on a bridge, the host as their
# router, and everybody outside sees the host's address. Read it from top to bottom; a line with `run` is a plain command.
source "$(dirname "$0")/../lib.sh"

heading 'The network'
cat "$here/net.json"

heading 'A host, two containers, and a machine outside that has no route back'
outside
machine ns0 ns1
before

heading 'What ADD will do for ns0 (nothing is touched yet)'
plan add ns0

heading 'ADD ns0'
cni ADD ns0

heading 'ADD ns1: the bridge and its rules are there by now'
plan add ns1
cni ADD ns1
is 'leases' 2 "$(leases)"

heading 'Proof, by packets'
reaches ns0 192.168.88.3
reaches ns1 192.168.88.2
reaches ns0 192.168.88.1
reaches ns0 198.51.100.2
is 'the source address that the outside saw' 198.51.100.1 "$(visitors)"

heading 'Without ip_forward the host is no router'
run sysctl -qw net.ipv4.ip_forward=0
misses ns0 198.51.100.2
reaches ns0 192.168.88.3
run sysctl -qw net.ipv4.ip_forward=1
reaches ns0 198.51.100.2

heading 'Without MASQUERADE the outside does not know where to answer'
chain='inet vethwork masquerade/docker0-by-hand'
nft list chain $chain >masquerade.nft
visitors >/dev/null
run nft flush chain $chain
misses ns0 198.51.100.2
is 'the source address that the outside saw' 192.168.88.2 "$(visitors)"
run nft -f masquerade.nft
reaches ns0 198.51.100.2

heading 'The picture'
vethwork topology

heading 'DEL: what was made for a container goes'
plan del ns1
cni DEL ns1
cni DEL ns0

heading 'prune: what the network shared goes with its last container'
run vethwork prune --restore-sysctls

heading 'Nothing is left'
nothing_is_left
finish
