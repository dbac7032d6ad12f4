#!/bin/sh
# Stands first in PATH under the name of every tool. All that tools are told, calls and lines of `ip -batch`, is
# counted in the order in which it is told; the one that is chosen fails, once. See faults.ts.
dir=${0%/*}
tool=${0##*/}
real=$(PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin command -v "$tool")

# The plugin itself, on its way into its host.
case "$*" in */vethwork | */chained/*) exec "$real" "$@" ;; esac

lines=1
# What the kernel refuses, in the words of the tool.
refused='link add dev lo type bridge'
[ "$tool" != bridge ] || refused='fdb append 00:00:00:00:00:00 dev lo dst 192.0.2.99 self permanent'
[ "$tool" != tc ] || refused='qdisc add dev lo root handle 7e: nosuch'
case "$tool $*" in ip*-batch* | bridge*-batch* | tc*-batch*)
  input=$(cat)
  lines=$(printf '%s\n' "$input" | wc -l)
  ;;
esac

exec 9>"$dir/lock"
flock 9
printf '%s\n' "${input:-$tool $*}" >>"$dir/told"
read -r before <"$dir/count"
read -r chosen kind <"$dir/chosen"
echo $((before + lines)) >"$dir/count"
exec 9>&-

line=$((chosen - before))
if [ "$line" -lt 1 ] || [ "$line" -gt "$lines" ]; then
  [ -n "$input" ] || exec "$real" "$@"
  printf '%s\n' "$input" | "$real" "$@"
  exit
fi

echo "$tool $*" >"$dir/hit"
if [ -z "$input" ]; then
  [ "$kind" = killed ] && kill -KILL $$
  echo 'told to fail' >&2
  exit 1
fi
printf '%s\n' "$input" | sed -n "${line}p" >>"$dir/hit"
case $kind in
  # The kernel says no.
  refused) printf '%s\n' "$input" | sed "${line}s/.*/$refused/" | "$real" "$@" ;;
  # ip does not understand, and gives up.
  garbled) printf '%s\n' "$input" | sed "${line}s/.*/told to fail/" | "$real" "$@" ;;
  killed)
    printf '%s\n' "$input" | head -n "$((line - 1))" | "$real" "$@"
    kill -KILL $$
    ;;
esac
