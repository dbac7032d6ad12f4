import type { Place } from './cni.ts'
import type { Host } from './host.ts'

/**
 * The host, prepared by a few lines of shell before each call: in mounts of its own, so that nobody else sees what
 * they mount. The last line may `exec` the call itself: `exec setpriv … "$@"`.
 */
export const surrounded = (host: Host, script: string): Place => ({
  stateDir: host.stateDir,
  sh: (file, args = [], options) =>
    host.sh('unshare', ['--mount', 'sh', '-ec', `${script}\nexec "$@"`, 'sh', file, ...args], options),
})

/** A machine on which these programs are not installed. */
export const without = (...tools: string[]): string => {
  const places = tools.flatMap(tool => ['/usr/sbin', '/usr/bin'].map(directory => `${directory}/${tool}`))
  return `top=$(mktemp -d "\${VETHWORK_STATE_DIR%/*}/overlay-XXXXXX")
mount -t tmpfs tmpfs "$top"
mkdir "$top/upper" "$top/work"
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$top/upper,workdir=$top/work" /usr
rm -f ${places.join(' ')}`
}

/** Root without rights over networks. */
export const powerless = 'exec setpriv --bounding-set=-net_admin,-sys_admin "$@"'

/** Not root at all. */
export const nobody = 'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"'

/** A state directory that holds `bytes` and no more, of which `filled` are taken. */
export const stateOf = (bytes: number, filled = 0): string =>
  `mkdir -p -m 700 "$VETHWORK_STATE_DIR"
mount -t tmpfs -o mode=700,size=${bytes} tmpfs "$VETHWORK_STATE_DIR"
head -c ${filled} /dev/zero >"$VETHWORK_STATE_DIR/ballast"`

export const readOnlyState = `mkdir -p -m 700 "$VETHWORK_STATE_DIR"
mount --bind "$VETHWORK_STATE_DIR" "$VETHWORK_STATE_DIR"
mount -o remount,bind,ro "$VETHWORK_STATE_DIR"`
