# Process 1 of the guest, in its final root: what a system has, then the command, then off.
p9=trans=virtio,version=9p2000.L,msize=512000,access=any
set -e
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns /dev/net /dev/pts /dev/shm
mount -t devpts -o ptmxmode=666 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mknod /dev/net/tun c 10 200
ln -s /proc/self/fd /dev/fd
for n in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${n%:*}" "/dev/${n#*:}"; done
hostname vm
ip link set lo up
# What is started most often, and what it loads, is taken into memory: each look at this machine's files is a message to it.
bash -c 'ldd $(type -P sh bash nsenter ip bridge tc nft grep cat sed) | grep -o "/[^ :]*" | xargs touch -c'
# Uncached: what is written is outside at once.
mount -t 9p -o $p9 run "$run"
[ -z "$share" ] || mount -t 9p -o $p9,cache=mmap share "$share"
# Through pipes, for whoever opens /dev/stderr anew would truncate a file.
mkfifo /run/stdout /run/stderr
cat /run/stdout >> "$run/stdout" & out=$!
cat /run/stderr >> "$run/stderr" & err=$!
status=0
setsid bash "$run/command" < /dev/null > /run/stdout 2> /run/stderr || status=$?
# What it left running holds the pipes open.
for process in /proc/[0-9]*; do
  case ${process#/proc/} in 1 | $out | $err) ;; *) kill -9 "${process#/proc/}" || : ;; esac
done 2> /dev/null
wait
sync
echo $status > "$run/status"
echo b > /proc/sysrq-trigger
