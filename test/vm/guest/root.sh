# Process 1 of the guest, in the initramfs: this machine's files, under a layer of memory, become the root.
set -e
alias mount='busybox mount' mkdir='busybox mkdir'
mount -t tmpfs -o mode=755 tmpfs /rw
mkdir /rw/upper /rw/work
mount -t overlay -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work overlay /new
mkdir -p /new/usr/lib/modules
mount --bind "/host$kernel/modules" /new/usr/lib/modules
mount --move /dev /new/dev
mount --move /proc /new/proc
exec busybox switch_root /new /bin/busybox sh "$guest/main.sh"
