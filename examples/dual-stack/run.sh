#!/usr/bin/env bash
# IPv4 and IPv6 at once: one address of each subnet for every container; the result of ADD; what CHECK says when
# somebody breaks something.
source "$(dirname "$0")/../lib.sh"

heading 'The network'
cat "$here/net.json"

heading 'A host, two containers, and a machine outside that has no route back'
outside 6
machine c0 c1
before

heading 'ADD, and the whole result'
cni ADD c0
cni ADD c1
cat ADD-c0.json

heading 'Proof, by packets'
for gateway in 10.22.0.1 fd00:22::1; do reaches c0 $gateway; done
for other in 10.22.0.3 fd00:22::3; do reaches c0 $other; done
for beyond in 198.51.100.2 2001:db8:51::2; do reaches c0 $beyond; done
is 'the IPv4 source address that the outside saw' 198.51.100.1 "$(visitors)"
is 'the IPv6 source address that the outside saw' 2001:db8:51::1 "$(visitors 6)"

heading 'The picture'
vethwork topology

heading 'CHECK: the runtime hands back what ADD answered'
{ sed '$d' "$here/net.json" && echo ', "prevResult":' && cat ADD-c0.json && echo '}'; } >check.json
cni CHECK c0 check.json
run ip -n c0 -6 route del default
refused 'CHECK names what is missing, and the command that mends it' CHECK c0 check.json
run ip -n c0 -6 route add default via fd00:22::1 dev eth0
cni CHECK c0 check.json

heading 'DEL'
cni DEL c0
cni DEL c1
run vethwork prune --restore-sysctls
nothing_is_left
finish
