/** Daemons that look after interfaces, and run in our network namespace: those of other hosts are not our business. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** As /proc/PID/comm has them, 15 bytes at most. */
const names = {
  'systemd-udevd': 'udev',
  'systemd-network': 'networkd',
  NetworkManager: 'NetworkManager',
} as const

export type Daemon = (typeof names)[keyof typeof names]

export const runningDaemons = (): Daemon[] => {
  const ours = readlinkSync('/proc/self/ns/net')
  const found = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => {
      try {
        const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
        const daemon = names[name as keyof typeof names]
        return daemon && readlinkSync(`/proc/${pid}/ns/net`) === ours ? [daemon] : []
      } catch {
        return [] // it has ended
      }
    })
  return [...new Set(found)]
}
