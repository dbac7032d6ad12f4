# Examples with two hosts begin with: source "$(dirname "$0")/../hosts.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# needs WHAT IP-LINK-ADD: ends here, without a failure, where the kernel has no such device; tried in a namespace of its
# own, on an interface v0.
needs() {
  unshare --net ip link add v0 type veth peer name v1 || stop 'no veth on this kernel'
  unshare --net sh -c "ip link add v0 type veth peer name v1 && ip link add t0 $2" 2>/dev/null && return
  echo "cannot run on this kernel: needs $1"
  exit 0
}

# two_hosts [INTERFACE1 INTERFACE2]: host1 and host2, joined by a switch. They are namespaces, too; a container that
# `machine` makes belongs to the host that plugs it in. The switch stands in this script's own.
two_hosts() {
  local n interface=(- "${1:-eth1}" "${2:-eth1}")
  machine host1 host2
  run ip link add switch up type bridge
  for n in 1 2; do
    run ip link add port$n master switch up type veth peer name "${interface[n]}" address 02:00:00:00:00:0$n netns host$n
    run ip -n host$n addr add 198.51.100.$n/24 brd + dev "${interface[n]}"
    run ip -n host$n link set "${interface[n]}" up
    echo "{ \"name\": \"host$n\", \"physicalNetworks\": { \"default\": \"${interface[n]}\" } }" >host$n.json
    on host$n forgetful
  done
}
# on HOST FUNCTION…: one of these functions, on that host.
on() {
  local host=$1
  shift
  "$@"
}
# both FUNCTION…: on both hosts.
both() {
  on host1 "$@"
  on host2 "$@"
}

# add HOST CONTAINER ADDRESS CONFIGURATION: with an address of one's choice, so that each host gives out its own.
add() { CNI_ARGS="IP=$3" on "$1" cni ADD "$2" "$4"; }

# picture: both hosts.
picture() {
  local host
  for host in host1 host2; do inside vethwork topology --json >$host.topology; done
  vethwork topology --from host1.topology host2.topology
}

# listen NAME MACHINE INTERFACE FILTER: tcpdump from now on; on the switch where MACHINE is `switch`.
listen() {
  local place=() waited
  : >"$1.listening"
  [ "$2" = switch ] || place=(nsenter --net="/run/netns/$2" --)
  setpriv --pdeathsig KILL "${place[@]}" tcpdump -i "$3" -Z root --immediate-mode -U -w "$1.pcap" "$4" 2>"$1.listening" &
  listeners[$1]=$!
  for waited in {1..100}; do
    ! grep -q "listening on" "$1.listening" || return 0
    sleep 0.1
  done
  stop "tcpdump does not listen: $(cat "$1.listening")"
}
declare -A listeners
# hush NAME: that is enough.
hush() {
  sleep 0.2 # for what is still on its way to the file
  kill "${listeners[$1]}"
  wait "${listeners[$1]}"
}
# heard WHAT NAME PATTERN, nothing_heard WHAT NAME [FILTER]: what tcpdump makes of it.
heard() { has "$1" "$3" "$(decoded "$2")"; }
nothing_heard() { is "$1" '' "$(decoded "$2" "${3:-}")"; }
decoded() {
  # Each frame on a line, an outer and an inner packet too; without the numbers that no two runs share.
  tcpdump -nn -t -e -v -r "$1.pcap" ${2:+"$2"} 2>/dev/null |
    sed -E ':a; N; $!ba; s/\n[ \t]+/ /g; s/(vni [0-9]+)\n/\1 | /g' |
    sed -E 's/ \(tos [^)]*proto [^)]*\), length [0-9]+(, options \([^)]*\))?\)//g
      s/\bid [0-9]+/id */g; s/\.[0-9]+ > ([0-9.]+\.4789:)/.* > \1/; s/\[[a-z]+ udp cksum[^]]*\] //'
}
