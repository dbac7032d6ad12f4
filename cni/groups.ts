/** Security groups as they are written, and as the services read them. Pure. */

import type { GroupRule } from '../src/services/securitygroups.ts'
import { CniError, codes } from './errors.ts'
import type { Fields } from './netconf.ts'

type Given = NonNullable<Fields['securityGroups']>

/** @throws CniError(badConfig) that names group, rule, field and value */
export const parseGroups = (given: Given): Record<string, GroupRule[]> =>
  Object.fromEntries(
    Object.entries(given).map(([name, rules]) => [
      name,
      rules.map((rule, n): GroupRule => {
        const at = `securityGroups.${name}[${n}]`
        return {
          direction: rule.direction ?? 'ingress',
          ...(rule.remote === undefined ? {} : { remote: rule.remote }),
          ...(rule.remoteGroup === undefined ? {} : { remoteGroup: known(given, rule.remoteGroup, at) }),
        }
      }),
    ]),
  )

const known = (given: Given, name: string, at: string) => {
  if (Object.hasOwn(given, name)) return name
  throw new CniError(
    codes.badConfig,
    `${at}.remoteGroup: ${JSON.stringify(name)} is no group of this network`,
    `there are ${Object.keys(given).join(', ')}`,
  )
}
