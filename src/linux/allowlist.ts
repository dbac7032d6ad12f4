/** Which kernel parameters a container's configuration may set on this host, as the reference `tuning` has it. */

import { CniError, codes } from '../../cni/errors.ts'
import { readText } from '../../ipam/file.ts'

/** The administrator's: one regular expression a line; all are allowed where there is no such file. */
const FILE = '/etc/cni/tuning/allowlist.conf'

/**
 * @param sysctl by path below /proc/sys, as the configuration has them: with IFNAME for the interface
 * @throws CniError(unsupportedField) for one that no line allows, CniError(badConfig) for a line that is none
 */
export const refuseForbidden = (sysctl: Readonly<Record<string, string>>): void => {
  const keys = Object.keys(sysctl)
  const lines = keys.length ? readText(FILE)?.split('\n') : undefined
  if (!lines) return
  const allowed = lines.map(line => line.trim()).filter(Boolean)
  const patterns = allowed.map(pattern)
  const forbidden = keys.map(dotted).find(name => !patterns.some(one => one.test(name)))
  if (forbidden)
    throw new CniError(
      codes.unsupportedField,
      `sysctl: "${forbidden}" is not allowed on this host`,
      `${FILE} allows ${allowed.join(', ') || 'none'}`,
    )
}

/** `net.ipv4.conf.eth0/5.forwarding`, as sysctl(8) writes a dot in a name. */
const dotted = (key: string) =>
  key
    .split('/')
    .map(part => part.replaceAll('.', '/'))
    .join('.')

const pattern = (line: string) => {
  try {
    return new RegExp(line)
  } catch {
    throw new CniError(
      codes.badConfig,
      `${FILE}: ${JSON.stringify(line)} is no regular expression`,
      'correct it',
    )
  }
}
