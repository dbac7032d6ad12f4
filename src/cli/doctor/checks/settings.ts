/** Kernel parameters of the host that are not asked for by any network, but decide over it. Pure. */

import { acceptRa, FORWARDING, keepRa } from '../../../plan/kinds/forwarding.ts'
import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'

/** It was as it should be when ADD switched forwarding on, or came later. */
export const advertisements = ({ sysctls, defaultRoutes, attachments }: HostSeen): Finding[] => {
  if (sysctls.get(FORWARDING[6]) !== '1' || !attachments.length) return []
  const devs = defaultRoutes
    .filter(({ family, advertised }) => family === 6 && advertised)
    .map(({ dev }) => dev)
  return [...new Set(devs)]
    .filter(dev => sysctls.get(acceptRa(dev)) === '1')
    .map(dev =>
      finding('accept-ra-off', {
        object: dev,
        what: `'${dev}' has its default route from router advertisements, which it no longer takes (accept_ra=1)`,
        fix: `sysctl -w net/ipv6/conf/${dev}/accept_ra=2`,
        mend: {
          steps: [
            {
              op: keepRa(dev),
              scope: 'network',
              why: 'a forwarding host must go on taking its default route',
            },
          ],
        },
      }),
    )
}

/** Where an answer would leave by another interface than the question came by. */
export const reversePath = ({ sysctls, defaultRoutes, attachments, links }: HostSeen): Finding[] => {
  if (!attachments.some(({ wants }) => wants.ports.length)) return []
  const ways = defaultRoutes.filter(({ family }) => family === 4).map(({ dev }) => dev)
  const all = Number(sysctls.get('net/ipv4/conf/all/rp_filter') ?? 0)
  const isStrict = (dev: string) =>
    Math.max(all, Number(sysctls.get(`net/ipv4/conf/${dev}/rp_filter`) ?? 0)) === 1
  return links
    .filter(
      ({ name, type, alias, up }) => up && name !== 'lo' && type !== 'veth' && !alias.startsWith('vethwork:'),
    )
    .filter(
      ({ name, addresses }) =>
        ways.length > 0 &&
        !ways.includes(name) &&
        addresses.some(({ scope, address }) => scope === 'global' && !address.includes(':')),
    )
    .filter(({ name }) => isStrict(name))
    .map(({ name }) =>
      finding('rp-filter-strict', {
        object: name,
        what: `rp_filter of '${name}' is strict, and the default route goes by '${ways[0]}'`,
        fix: `sysctl -w net/ipv4/conf/${name}/rp_filter=2`,
      }),
    )
}
