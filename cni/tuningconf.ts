/** What is to be set in the container, as it is written: names of kernel parameters become paths. Pure. */

import { CniError, codes } from './errors.ts'
import type { Fields } from './netconf.ts'

/**
 * `net.ipv4.conf.IFNAME.arp_filter` and `net/ipv4/conf/IFNAME/arp_filter` are the same: as for sysctl(8) the separator
 * is whichever comes first, and between dots a slash is a dot (of `eth0.5`).
 * @returns values by path below /proc/sys
 * @throws CniError(badConfig) for what is not below `net`, is no name, is named twice, or has a value of several lines
 */
export const parseSysctls = (given: Readonly<Record<string, string>>): Record<string, string> => {
  const paths = Object.entries(given).map(([name, value]) => [pathOf(name), checked(name, value)] as const)
  const twice = paths.find(([path], n) => paths.findIndex(([other]) => other === path) < n)
  if (twice)
    throw refusal(twice[0], `is there twice, as ${namesOf(given, twice[0]).join(' and ')}`, 'keep one')
  return Object.fromEntries(paths)
}

const pathOf = (name: string): string => {
  const isDotted = name.search(/[./]/) >= 0 && name[name.search(/[./]/)] === '.'
  const parts = isDotted ? name.split('.').map(part => part.replaceAll('/', '.')) : name.split('/')
  if (!parts.every(part => /^[\w.@=,~-]+$/.test(part) && !/^\.{1,2}$/.test(part)))
    throw refusal(name, 'is no name of a kernel parameter', 'write it as net.ipv4.conf.IFNAME.arp_filter')
  if (parts[0] !== 'net' || parts.length < 2)
    throw refusal(
      name,
      "is not the container's: only what begins with net. is",
      'set it on the host, or leave it out',
    )
  return parts.join('/')
}

const checked = (name: string, value: string) => {
  if (/^[\x20-\x7e\t]{1,1024}$/.test(value)) return value
  throw refusal(name, `has the value ${JSON.stringify(value)}, which is not one line of text`, 'correct it')
}

const namesOf = (given: object, path: string) => Object.keys(given).filter(name => pathOf(name) === path)

const refusal = (name: string, words: string, remedy: string) =>
  new CniError(codes.badConfig, `sysctl: ${JSON.stringify(name)} ${words}`, remedy)

/** As the reference `tuning`: what `args.cni` says goes above the configuration. */
export const withArgs = (fields: Fields): Fields => {
  const { sysctl, ...rest } = fields.args?.cni ?? {}
  const asked = Object.entries(rest).filter(([name]) => ['mtu', 'promisc', 'allmulti'].includes(name))
  return {
    ...fields,
    ...Object.fromEntries(asked),
    ...(sysctl ? { sysctl: { ...fields.sysctl, ...sysctl } } : {}),
  }
}
