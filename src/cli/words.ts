/** Facts in few characters. Pure. */

import type { Owner } from '../../ipam/lease.ts'
import type { Explained } from '../plan/explain.ts'
import type { PortMapping, Rates } from '../services/wants.ts'

/** As people shorten them: the first 12 digits. */
export const shortId = (id: string) => (/^[0-9a-f]{13,}$/.test(id) ? id.slice(0, 12) : id)

/** `192.0.2.1:8080→80/tcp`, of several in a row `8080-8089→80-89/tcp` */
export const portWords = ({ hostIP, hostPort, containerPort, protocol, range }: PortMapping) => {
  const address = hostIP && `${hostIP.includes(':') ? `[${hostIP}]` : hostIP}:`
  const ports = (first: number) => (range > 1 ? `${first}-${first + range - 1}` : String(first))
  return `${address}${ports(hostPort)}→${ports(containerPort)}/${protocol}`
}

/** `in 10M out 5M`, in bits per second; empty for what is not limited. */
export const ratesWords = ({ ingressRate, egressRate }: Rates) =>
  [ingressRate && `in ${bits(ingressRate)}`, egressRate && `out ${bits(egressRate)}`]
    .filter(Boolean)
    .join(' ')

const bits = (rate: number) => {
  const [unit, size] = UNITS.find(([, size]) => rate >= size) ?? ['', 1]
  return `${Number((rate / size).toFixed(1))}${unit}`
}

const UNITS = [
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
] as const

/**
 * `5 min`, `3 h`
 * @param since ISO 8601
 * @param now milliseconds since 1970
 */
export const ago = (since: string, now: number) => {
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1000))
  const [unit, size] = SPANS.find(([, size]) => seconds >= size) ?? ['s', 1]
  return `${Math.floor(seconds / size)} ${unit}`
}

const SPANS = [
  ['d', 86400],
  ['h', 3600],
  ['min', 60],
] as const

/** `3f2a9c1d0b7e eth0 on web` */
export const ownerWords = ({ containerId, ifname, network }: Owner) =>
  `${shortId(containerId)} ${ifname} on ${network}`

/** A step of a plan below the name of whose it is. */
export const stepLines = ({ words, command }: Pick<Explained, 'words' | 'command'>): string[] => [
  `  ${words}`,
  `    $ ${command}`,
]

/** A kernel parameter as sysctl(8) writes it. */
export const sysctlWords = (key: string) => key.replaceAll('/', '.')
