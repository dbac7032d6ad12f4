# cached_kernel prints a directory with a stock kernel: vmlinux, initramfs, modules/VERSION. The first time, it is
# downloaded by apt, whose lists must be there, and unpacked; nothing is installed.

# Most of a kernel's size, and nothing that a test of networks loads.
unneeded=(drivers/{ata,gpu,hid,hwmon,iio,infiniband,input,isdn,md,media,mfd,mmc,mtd,platform,scsi,staging,usb,video}
  drivers/net/{can,ethernet,wireless} fs/{btrfs,ceph,ext4,f2fs,gfs2,nfs,nfsd,ocfs2,smb,xfs} net/{bluetooth,mac80211} sound)

# The drivers of the machine's file systems, where they are not built in.
boot_modules=(virtio_pci 9pnet_virtio 9p overlay)

cached_kernel() {
  local cache=${VETHWORK_VM_CACHE:-/var/cache/vethwork-vm} recipe
  recipe=$(md5sum < "${BASH_SOURCE[0]}")
  local kernel=$cache/${recipe:0:12}
  mkdir -p "$cache"
  # The first one builds it, the others wait. Renamed when it is whole: an interrupted build is no kernel.
  (
    flock 9
    [ ! -d "$kernel" ] || exit 0
    echo "vm: fetching a kernel into $cache …" >&2
    rm -rf "$cache/new"
    mkdir "$cache/new"
    cd "$cache/new"
    build_kernel && mv "$cache/new" "$kernel"
  ) 9> "$cache/lock" >&2 || return
  echo "$kernel"
}

# The newest kernel's packages. Debian's image holds its modules; Ubuntu's come apart.
kernel_packages() {
  local meta image
  for meta in linux-image-amd64 linux-image-generic; do
    image=$(LC_ALL=C apt-cache depends --important "$meta" 2> /dev/null |
      sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p')
    [ -n "$image" ] || continue
    echo "$image"
    apt-cache --names-only search "^${image/linux-image/linux-modules(-extra)?}\$" | cut -d ' ' -f 1
    return
  done
  echo "vm: apt knows neither linux-image-amd64 nor linux-image-generic; as root: apt-get update" >&2
  return 1
}

# Fills the current directory.
build_kernel() (
  set -e
  PATH=$PATH:/usr/sbin:/sbin
  packages=$(kernel_packages)
  mkdir tree
  apt-get -qq -o APT::Sandbox::User=root download $packages
  for package in *.deb; do
    dpkg-deb --fsys-tarfile "$package" |
      tar -x -C tree --wildcards --exclude-from=<(printf '*/kernel/%s/*\n' "${unneeded[@]}")
    rm "$package"
  done
  [ -d tree/lib ] || ln -s usr/lib tree/lib
  depmod -b tree "$(ls tree/lib/modules)" 2> /dev/null
  uncompress_kernel tree/boot/vmlinuz-*
  build_initramfs
  mv tree/lib/modules .
  rm -r tree init
)

# A kernel that the emulated processor must unpack first boots 2.5 s later. Where the packed one lies in the file,
# its header says (Documentation/x86/boot.rst: setup_sects, payload_offset, payload_length).
uncompress_kernel() {
  field() { od -An -tu"$2" -j"$1" -N"$2" "$image" | tr -d ' '; }
  local image=$1 tool start length
  start=$((($(field 497 1) + 1) * 512 + $(field 584 4)))
  length=$(($(field 588 4) - 4)) # its last four bytes are the unpacked size
  for tool in xz zstd; do
    dd if="$image" iflag=skip_bytes,count_bytes bs=1M skip=$start count=$length status=none |
      $tool -qdc > vmlinux 2> /dev/null && return
  done
  mv "$image" vmlinux
}

# Loads the modules, in order, and goes on in the host's own files: what is written there can change without a build.
build_initramfs() {
  mkdir -p init/{bin,dev,host,ko,new,proc,rw}
  cp "$(type -P busybox)" init/bin/busybox
  local number=10 name file
  for name in "${boot_modules[@]}"; do
    modprobe -d tree -S "$(ls tree/lib/modules)" --show-depends "$name"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    case $file in
      *.zst) zstd -qdc "$file" ;;
      *.xz) xz -dc "$file" ;;
      *) cat "$file" ;;
    esac > init/ko/$((number++)).ko
  done
  cat > init/init << 'INIT'
#!/bin/busybox sh
set -e
busybox mount -t devtmpfs dev /dev
exec < /dev/console > /dev/console 2>&1
busybox mount -t proc proc /proc
for ko in /ko/*; do busybox insmod "$ko"; done
busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,access=any,cache=loose,ro root /host
exec busybox sh "/host$guest/root.sh"
INIT
  chmod +x init/init
  (cd init && find . | cpio -o -H newc --quiet) > initramfs
}
