import type { Machine } from './machine.ts'

const run = `mount -t tmpfs tmpfs /var/log
mkdir -p /run/dbus /var/lib/dbus
dbus-daemon --system --fork --nopidfile
setsid firewalld --nofork --nopid >/run/firewalld.log 2>&1 &
for n in $(seq 200); do firewall-cmd --state >/dev/null 2>&1 && exit 0; sleep 0.1; done
cat /run/firewalld.log; exit 1`

/** Starts Debian's firewalld on a machine, with a bus of its own. It ends with the machine. */
export const firewalld = async (machine: Machine) => {
  await machine.ok('sh', ['-ec', run], { timeout: 60_000 })
  return {
    /** `firewall-cmd …`, which must succeed. */
    cmd: (...args: string[]) => machine.ok('firewall-cmd', args),
    /** Takes the daemon away; its rules stay. */
    kill: () => machine.ok('sh', ['-c', 'kill -KILL $(pidof -x firewalld)']),
  }
}
