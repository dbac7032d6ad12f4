#!/bin/sh
# Removes what tests left: namespaces vwt-<pid>-*, the processes in them, their cgroups, their directories in TMPDIR.
#   sweep.sh        everything of test processes that no longer live
#   sweep.sh PID    everything of PID
#   sweep.sh guard PID
#                   waits on stdin: a line means all is well, an end without one means that PID died, even by SIGKILL
tmp=${TMPDIR:-/tmp}

of() {
  for path in /run/netns/vwt-"$1"-*; do
    [ -e "$path" ] || continue
    name=${path##*/}
    for process in $(ip netns pids "$name" 2>/dev/null); do kill -9 "$process" 2>/dev/null; done
    ip netns del "$name"
  done
  for cgroup in /sys/fs/cgroup/vwt-"$1"-* /sys/fs/cgroup/*/vwt-"$1"-*; do
    [ -d "$cgroup" ] || continue
    sleep 0.2 # busy for a moment after its last process
    find "$cgroup" -depth -type d -exec rmdir {} \;
  done
  for directory in "$tmp"/vwt-"$1"-*; do
    [ -d "$directory" ] && rm -rf --one-file-system "$directory"
  done
}

if [ "$1" = guard ]; then
  read -r _ && exit 0
  shift
fi
if [ "$1" ]; then
  of "$1"
  exit 0
fi
for path in /run/netns/vwt-* "$tmp"/vwt-*; do
  [ -e "$path" ] || continue
  pid=${path##*/vwt-}
  pid=${pid%%-*}
  [ -d "/proc/$pid" ] || of "$pid"
done
exit 0
