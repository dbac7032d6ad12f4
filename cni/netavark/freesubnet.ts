/** A subnet that nothing on this host has: as podman chooses for its own bridges. */

import { randomBytes } from 'node:crypto'
import { familyOf, networkOf, overlaps } from '../../ipam/cidr.ts'
import { ipShow } from '../../src/linux/iproute2.ts'
import { contentOf, namesIn } from '../../src/linux/procfs.ts'
import { HOST } from '../../src/plan/netns.ts'
import { CniError, codes } from '../errors.ts'

/** Where podman of root keeps its networks (podman-network(1)). */
const PODMAN_NETWORKS = '/etc/containers/networks'

/** What the host has routes to, and what podman's other networks have, in use or not. */
export const usedSubnets = async (directory = PODMAN_NETWORKS): Promise<string[]> => {
  const routes = await Promise.all(
    ([4, 6] as const).map(family => ipShow(HOST, ['route show table all'], [`-${family}`, '-N'])),
  )
  const known = routes.flat().flatMap(({ dst }: { dst: string }) => (dst === 'default' ? [] : [whole(dst)]))
  return [...known, ...subnetsIn(directory)].flatMap(text => {
    try {
      return [networkOf(text)]
    } catch {
      return []
    }
  })
}

/** A single address is written without its prefix length. */
const whole = (dst: string) => (dst.includes('/') ? dst : `${dst}/${familyOf(dst) === 4 ? 32 : 128}`)

/** One file a network; of one that cannot be read nothing is known. */
export const subnetsIn = (directory: string): string[] =>
  namesIn(directory)
    .filter(name => name.endsWith('.json'))
    .flatMap(name => {
      try {
        const { subnets } = JSON.parse(contentOf(`${directory}/${name}`))
        return (subnets ?? []).map(({ subnet }: { subnet: string }) => String(subnet))
      } catch {
        return []
      }
    })

/** A /24 from 10.89.0.0 on, podman's own pool; of IPv6 a /64 of a random prefix (RFC 4193 section 3.2.2). */
export const chooseSubnet = (family: 4 | 6, used: readonly string[]): string => {
  const rivals = used.filter(one => familyOf(one) === family)
  for (const one of family === 4 ? pool4() : pool6())
    if (!rivals.some(rival => overlaps(one, rival))) return one
  throw new CniError(
    codes.poolExhausted,
    family === 4
      ? 'no subnet from 10.89.0.0/24 to 10.255.255.0/24 is free on this host'
      : 'no IPv6 subnet that was tried (fd00::/8, at random) is free on this host',
    'give --subnet',
  )
}

function* pool4() {
  for (let second = 89; second < 256; second++)
    for (let third = 0; third < 256; third++) yield `10.${second}.${third}.0/24`
}

function* pool6() {
  for (let attempt = 0; attempt < 16; attempt++) yield random6()
}

const random6 = () => {
  const [a, b, c] = randomBytes(5)
    .toString('hex')
    .match(/^..|..../g)!
  return networkOf(`fd${a}:${b}:${c}::/64`)
}
