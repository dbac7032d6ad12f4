#!/usr/bin/env bash
# Lists of plugins as container runtimes read them from /etc/cni/net.d, run as they run them, without any runtime.
source "$(dirname "$0")/../lib.sh"
# Beside ours stand the reference plugins (Debian: containernetworking-plugins). Under their names ours comes first.
for name in bridge host-local; do ln -s "$vethwork" "$CNI_PATH/$name"; done
CNI_PATH=$CNI_PATH:/usr/lib/cni:/opt/cni/bin
libcni() { node "$here/libcni.mjs" "$1" "$here/$2" "$3"; }

heading 'A host and a machine outside'
outside
before

for conflist in "$here"/*.conflist; do
  heading "${conflist##*/}"
  cat "$conflist"
  machine c0 c1
  for container in c0 c1; do run libcni add "${conflist##*/}" $container; done
  c1=$(ip -n c1 -4 -o addr show eth0 | awk '{print $4}')
  reaches c0 "${c1%/*}"
  case $conflist in
    *private*) misses c0 198.51.100.2 ;;
    *) reaches c0 198.51.100.2 ;;
  esac
  for container in c0 c1; do
    run libcni del "${conflist##*/}" $container
    ip netns del $container
  done
done

heading 'Nothing is left'
run vethwork prune --restore-sysctls
nothing_is_left
finish
