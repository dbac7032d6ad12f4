#!/usr/bin/env bash
# Addresses alone: the same executable, called as vethwork-ipam, leases them to whoever asks; here to us, who do the
# rest by hand. Any plugin that delegates its addresses asks in the same way: "ipam": {"type": "vethwork-ipam", …}.
source "$(dirname "$0")/../lib.sh"
conf=$here/addresses.json

heading 'A pool of two addresses'
cat "$conf"

heading 'A cable between the host and a container, made by hand'
machine c0
before
run ip link add c0 type veth peer name eth0 netns c0
run ip link set c0 up
run ip addr add 10.44.0.1/24 dev c0

heading 'ADD: an address, and nothing else'
cni ADD c0 "$conf" vethwork-ipam
address=$(sed -n 's/.*"address": "\(.*\)".*/\1/p' ADD-c0.json)
run ip -n c0 addr add "$address" dev eth0
run ip -n c0 link set eth0 up
reaches c0 10.44.0.1

heading 'The pool ends'
cni ADD c1 "$conf" vethwork-ipam
refused 'two addresses are two addresses' ADD c2 "$conf" vethwork-ipam
is 'leases' 2 "$(leases)"

heading 'DEL gives back'
cni DEL c0 "$conf" vethwork-ipam
cni DEL c1 "$conf" vethwork-ipam
run ip link del c0
nothing_is_left
finish
