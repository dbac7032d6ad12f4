# What the examples share; each begins with: source "$(dirname "$0")/../lib.sh"
#
# An example plays on a machine of its own: a network namespace for its "host", and a /run/netns of its own for what it
# makes beside it. Nothing it does can be seen on this machine, two of them do not meet, and all of it goes with the
# script, however that ends.
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
vethwork=$(realpath -m "${VETHWORK_BIN:-$root/dist/vethwork}")

if [ "$(id -u)" != 0 ]; then
  echo "$0: network namespaces are made by root: run it as root" >&2
  exit 1
fi
if [ ! -x "$vethwork" ]; then
  echo "$0: there is no $vethwork: npm run build" >&2
  exit 1
fi
if [ -z "${VETHWORK_EXAMPLE:-}" ]; then
  work=$(mktemp -d) && mkdir -p /run/netns || exit 1
  # bash waits for its child before it does what a trap says; Ctrl-C reaches the child as well.
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  VETHWORK_EXAMPLE=$work unshare --mount --net --propagation private -- "$0" "$@"
  exit
fi
work=$VETHWORK_EXAMPLE
set -u -o pipefail
mount -t tmpfs tmpfs /run/netns || exit 1

# Installed as on a real host, where the directory is /opt/cni/bin and the state lies in /var/lib/vethwork.
export CNI_PATH=$work/bin VETHWORK_STATE_DIR=$work/state PATH=$work/bin:$PATH
mkdir "$CNI_PATH"
cd "$work" || exit 1
for name in vethwork vethwork-ipam; do ln -s "$vethwork" "$CNI_PATH/$name"; done

bold='' dim='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi
failed=0

heading() { printf '\n%s── %s%s\n' "$bold" "$*" "$plain"; }

# run COMMAND…: shows a command, then runs it; an example does not go on after a failure.
run() {
  printf '  %s%s$ %s%s\n' "$dim" "${host:+$host }" "$*" "$plain"
  inside "$@" || stop "$* failed"
}

stop() {
  printf '%s✗ %s%s\n' "$red" "$*" "$plain"
  exit 1
}

# inside COMMAND…: on this script's host, or on that which `on` (hosts.sh) says: each has its own state and its own
# /etc/vethwork/host.json.
inside() {
  if [ -z "${host:-}" ]; then
    "$@"
  else
    VETHWORK_STATE_DIR=$work/$host VETHWORK_HOST_FILE=$work/$host.json nsenter --net="/run/netns/$host" -- "$@"
  fi
}

# works WHAT COMMAND…, fails WHAT COMMAND…: a proof, by a command that must succeed, or must not.
works() { prove 0 "$@"; }
fails() { prove 1 "$@"; }
prove() {
  local expected=$1 what=$2 said status=0
  shift 2
  said=$(inside "$@" 2>&1) || status=1
  if [ "$status" = "$expected" ]; then
    printf '  %s✓%s %-34s %s%s$ %s%s\n' "$green" "$plain" "$what" "$dim" "${host:+$host }" "$*" "$plain"
  else
    printf '  %s✗ %s%s  $ %s\n%s\n' "$red" "$what" "$plain" "$*" "$said"
    failed=1
  fi
}

# is WHAT EXPECTED ACTUAL: a proof by comparison.
is() {
  if [ "$2" = "$3" ]; then
    printf '  %s✓%s %s: %s\n' "$green" "$plain" "$1" "${3:-none}"
  else
    printf '  %s✗ %s: %s, not %s%s\n' "$red" "$1" "${3:-none}" "${2:-none}" "$plain"
    failed=1
  fi
}

# shows WHAT PATTERN COMMAND…: a proof by a line that it prints.
shows() {
  local what=$1 pattern=$2
  shift 2
  printf '  %s%s$ %s%s\n' "$dim" "${host:+$host }" "$*" "$plain"
  has "$what" "$pattern" "$(inside "$@" 2>&1)"
}
# has WHAT PATTERN TEXT
has() {
  local line
  if line=$(grep -m1 -E "$2" <<<"$3"); then
    printf '  %s✓%s %s\n' "$green" "$plain" "$1"
    fold -s -w 100 <<<"$line" | sed 's/ *$//; s/^/      /'
  else
    printf '  %s✗ %s: no %s in%s\n%s\n' "$red" "$1" "$2" "$plain" "$(tail -n 20 <<<"$3")"
    failed=1
  fi
}

# cni VERB CONTAINER [CONFIGURATION [PLUGIN]]: calls a plugin as a container runtime does, by variables and stdin. What
# it answers is in VERB-CONTAINER.json.
cni() {
  call "$@" || { cat "$1-$2.json"; stop "$1 $2 failed"; }
  # Of a result, what one looks for first.
  tr -s ' \n' ' ' <"$1-$2.json" | grep -o '"ips": \[[^]]*\]' | sed 's/^/  → /' || true
}
# refused WHAT VERB CONTAINER [CONFIGURATION [PLUGIN]]: the same, where an error is the right answer.
refused() {
  local what=$1
  shift
  call "$@" && stop "$1 $2 should have been refused: $what"
  sed 's/^/  /' "$1-$2.json"
  printf '  %s✓%s %s\n' "$green" "$plain" "$what"
}
call() {
  local verb=$1 id=$2 conf=${3:-$here/net.json} plugin=${4:-vethwork}
  printf '  %s%s$ CNI_COMMAND=%s CNI_CONTAINERID=%s CNI_NETNS=/run/netns/%s CNI_IFNAME=eth0 \\\n' \
    "$dim" "${host:+$host }" "$verb" "$id" "$id"
  printf '      %sCNI_PATH=/opt/cni/bin %s < %s%s\n' "${CNI_ARGS:+CNI_ARGS=$CNI_ARGS }" "$plugin" "${conf##*/}" "$plain"
  CNI_COMMAND=$verb CNI_CONTAINERID=$id CNI_NETNS=/run/netns/$id CNI_IFNAME=eth0 \
    inside "$plugin" <"$conf" >"$verb-$id.json"
}

# plan VERB CONTAINER [CONFIGURATION]: what that would do, in English and as commands.
plan() {
  local conf=${3:-$here/net.json}
  printf '  %s$ vethwork plan %s --container-id %s --netns /run/netns/%s < %s%s\n' \
    "$dim" "$1" "$2" "$2" "${conf##*/}" "$plain"
  vethwork plan "$1" --container-id "$2" --netns "/run/netns/$2" <"$conf" | grep -v '^ *why: ' ||
    stop "plan $1 $2 failed"
}

# machine NAME…: a namespace each, loopback up.
machine() {
  local name
  for name in "$@"; do
    run ip netns add "$name"
    ip -n "$name" link set lo up
  done
}

# mtu CONTAINER, mac CONTAINER: as its interface has it.
mtu() { ip -n "$1" -j link show eth0 | sed 's/.*"mtu":\([0-9]*\).*/\1/'; }
mac() { ip -n "$1" -j link show eth0 | sed 's/.*"address":"\([^"]*\)".*/\1/'; }

# reaches MACHINE ADDRESS, misses MACHINE ADDRESS: a ping that must be answered, or must not.
reaches() { works "$1 reaches $2" ip netns exec "$1" ping -c1 -W1 "$2"; }
misses() { fails "$1 does not reach $2" ip netns exec "$1" ping -c1 -W1 "$2"; }

# outside [6]: a machine beyond the host, which has no route back to its containers and writes down who pings it.
outside() {
  machine outside
  run ip link add eth0 type veth peer name eth0 netns outside
  run ip addr add 198.51.100.1/24 dev eth0
  run ip link set eth0 up
  run ip -n outside addr add 198.51.100.2/24 dev eth0
  run ip -n outside link set eth0 up
  if [ "${1:-}" = 6 ]; then
    run ip addr add 2001:db8:51::1/64 dev eth0 nodad
    run ip -n outside addr add 2001:db8:51::2/64 dev eth0 nodad
  fi
  ip netns exec outside nft -f - <<'NFT'
table inet visitors {
  set sources { type ipv4_addr; flags dynamic; size 16; }
  set sources6 { type ipv6_addr; flags dynamic; size 16; }
  chain input {
    type filter hook input priority 0;
    icmp type echo-request add @sources { ip saddr }
    icmpv6 type echo-request add @sources6 { ip6 saddr }
  }
}
NFT
}
# visitors [6]: who did, since the last look.
visitors() {
  ip netns exec outside nft list set inet visitors "sources${1:-}" | sed -n 's/.*elements = { \(.*\) }.*/\1/p'
  ip netns exec outside nft flush set inet visitors "sources${1:-}"
}

# before, and later nothing_is_left: everything that could stay behind on the host. Link-local routes come by themselves.
remains() {
  inside ip -br link | cut -d' ' -f1
  inside ip -br -4 address
  inside ip route
  inside ip -6 route | grep -v ^fe80
  inside nft list ruleset
  inside sysctl -e net.ipv4.ip_forward net.ipv6.conf.all.forwarding
}
before() { remains >"before${host:+-$host}"; }
nothing_is_left() {
  remains >"after${host:+-$host}"
  works 'links, routes, rules, sysctls' diff "before${host:+-$host}" "after${host:+-$host}"
  is 'leases' 0 "$(leases)"
}
leases() { grep -rho --exclude-dir=.attachments '"containerId"' "${host:+$work/}${host:-$VETHWORK_STATE_DIR}" | wc -l; }

# finish: the last line, and the exit status.
finish() {
  if [ "$failed" = 0 ]; then
    printf '\n%s✓ all as it should be%s\n' "$green" "$plain"
  else
    printf '\n%s✗ see above%s\n' "$red" "$plain"
  fi
  exit "$failed"
}

# A new namespace takes this from the machine that it is made on.
forgetful() {
  inside sysctl -qw net.ipv4.ip_forward=0
  [ ! -e /proc/sys/net/ipv6 ] || inside sysctl -qw net.ipv6.conf.all.forwarding=0
}
forgetful
ip link set lo up
