#!/bin/sh
# Stands first in PATH under the name of every tool. All that tools are told, calls and lines of `ip -batch`, is
# counted in the order in which it is told; the one that is chosen fails, once. See faults.ts.
# Nothing here but the shell's own words, until something fails: each tool is told hundreds of times a test.
dir=${0%/*}
tool=${0##*/}
for place in /usr/local/sbin /usr/sbin /sbin /usr/bin /bin; do
  real=$place/$tool
  [ ! -x "$real" ] || break
done

# The plugin itself, on its way into its host.
case "$*" in */vethwork | */chained/*) exec "$real" "$@" ;; esac
read -r chosen kind <"$dir/chosen"
# What it starts is the plugin's child, too, and is killed for itself.
[ "$kind $tool" != 'fatal nsenter' ] || exec "$real" "$@"

input=
lines=1
case "$tool $*" in ip*-batch* | bridge*-batch* | tc*-batch*)
  lines=0
  while IFS= read -r line; do
    input=$input${input:+'
'}$line
    lines=$((lines + 1))
  done
  ;;
esac

# Each is one write at the end of a file: what is before ours was told before us. nsenter becomes what it starts.
me=$$.$tool
printf '%s\n' "${input:-$tool $*}" >"$dir/told/$me"
echo "$me $lines" >>"$dir/order"
before=0
while read -r who count; do
  [ "$who" != "$me" ] || break
  before=$((before + count))
done <"$dir/order"

line=$((chosen - before))
if [ "$line" -lt 1 ] || [ "$line" -gt "$lines" ]; then
  [ -n "$input" ] || exec "$real" "$@"
  exec "$real" "$@" <<END
$input
END
fi

echo "$tool $*" >"$dir/hit"
[ -z "$input" ] || printf '%s\n' "$input" | sed -n "${line}p" >>"$dir/hit"
before_it() { [ -z "$input" ] || printf '%s\n' "$input" | head -n "$((line - 1))" | "$real" "$@"; }
instead() { printf '%s\n' "$input" | sed "${line}s/.*/$1/" | { shift; "$real" "$@"; }; }
case $kind in
  # Who told it dies.
  fatal)
    before_it "$@"
    kill -KILL $PPID
    exit
    ;;
  # It dies.
  killed)
    before_it "$@"
    kill -KILL $$
    ;;
esac
if [ -z "$input" ]; then
  echo 'told to fail' >&2
  exit 1
fi
# What the kernel refuses, in the words of the tool; or what the tool does not understand, and gives up.
case $kind-$tool in
  garbled-*) instead 'told to fail' "$@" ;;
  *-bridge) instead 'fdb append 00:00:00:00:00:00 dev lo dst 192.0.2.99 self permanent' "$@" ;;
  *-tc) instead 'qdisc add dev lo root handle 7e: nosuch' "$@" ;;
  *) instead 'link add dev lo type bridge' "$@" ;;
esac
