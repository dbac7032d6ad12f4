#!/usr/bin/env bash
# What is a chain of five programs elsewhere (bridge, portmap, firewall, bandwidth, tuning), in one: on a host whose
# firewall lets nothing through that no rule accepts, as Docker leaves it.
source "$(dirname "$0")/../lib.sh"

# serve CONTAINER PORT WORDS: says them to whoever connects.
serve() {
  ip netns exec "$1" node -e "require('node:net').createServer(s => s.end('$3\n')).listen($2, () => console.log('up'))" >"$1-$2" &
  servers+=($!)
  until grep -q up "$1-$2" 2>/dev/null; do sleep 0.05; done
}
servers=()

# hears MACHINE ADDRESS PORT: what a server there says.
hears() { timeout 2 ip netns exec "$1" bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat <&3' "$2" "$3" 2>/dev/null; }

heading 'The network, and what a runtime adds to it for one of its containers'
cat "$here/net.json"
sed -n '/runtimeConfig/,/}$/p' "$here/published.json"

heading 'A host, three containers, and a machine outside that has no route back'
outside
machine c0 c1 c2
run iptables-nft -P FORWARD DROP
before

heading 'ADD'
cni ADD c0 "$here/published.json"
cni ADD c1

heading 'firewall: the way through, where that policy lives'
reaches c0 198.51.100.2
is 'the source address that the outside saw' 198.51.100.1 "$(visitors)"
reaches c0 10.66.0.3
run ip -n outside route add 10.66.0.0/24 via 198.51.100.1
misses outside 10.66.0.2
run ip -n outside route del 10.66.0.0/24

heading 'portmap: a published port'
serve c0 80 'the shop is open'
is 'outside hears at the host' 'the shop is open' "$(hears outside 198.51.100.1 8080)"
is 'so does c1' 'the shop is open' "$(hears c1 198.51.100.1 8080)"

heading 'bandwidth: what c1 receives'
port=$(ip -j link show master br-shop | grep -o '"ifname":"veth[^"]*"' | cut -d'"' -f4 | tail -1)
shows 'a rate at its port' '8Mbit' tc class show dev "$port"

heading 'tuning: in the container alone'
shows 'the ports that c0 uses' '40000.40999' ip netns exec c0 sysctl net.ipv4.ip_local_port_range

heading 'macspoofchk: c1 sends with its own MAC address only'
own=$(mac c1)
run ip -n c1 link set eth0 address c2:00:00:00:00:01
misses c1 10.66.0.2
run ip -n c1 link set eth0 address "$own"
reaches c1 198.51.100.2
visitors >/dev/null

heading 'Somebody flushes all rules: the next ADD makes them anew, also for c0 and c1, and leaves repair nothing to do'
run nft flush ruleset
run iptables-nft -P FORWARD DROP
misses c0 198.51.100.2
cni ADD c2
reaches c0 198.51.100.2
run vethwork repair
is 'outside hears at the host' 'the shop is open' "$(hears outside 198.51.100.1 8080)"
run ip -n c1 link set eth0 address c2:00:00:00:00:01
misses c1 10.66.0.2

heading 'DEL'
[ ${#servers[@]} = 0 ] || kill "${servers[@]}"
cni DEL c0 "$here/published.json"
cni DEL c1
cni DEL c2
run vethwork prune --restore-sysctls
nothing_is_left
finish
