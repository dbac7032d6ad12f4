/** Daemons that look after interfaces, and run in our network namespace: those of other hosts are not our business. */

import { contentOf, namesIn, targetOf } from './procfs.ts'

/** As /proc/PID/comm has them, 15 bytes at most. */
const names = {
  'systemd-udevd': 'udev',
  'systemd-network': 'networkd',
  NetworkManager: 'NetworkManager',
} as const

export type Daemon = (typeof names)[keyof typeof names]

export const runningDaemons = (): Daemon[] => {
  const ours = targetOf('/proc/self/ns/net')
  const found = namesIn('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      const daemon = names[contentOf(`/proc/${pid}/comm`).trim() as keyof typeof names]
      return daemon && targetOf(`/proc/${pid}/ns/net`) === ours ? [daemon] : []
    })
  return [...new Set(found)]
}
