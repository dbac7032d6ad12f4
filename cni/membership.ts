/** Which security groups a container is in: the runtime's word, its pod's, its arguments', the network's. Pure. */

import type { NetConf } from '../src/networks/network.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import { POD_ANNOTATIONS } from './ipamconf.ts'
import type { Request } from './request.ts'

/** The annotation of a Kubernetes pod: `web,db`. */
export const ANNOTATION = 'vethwork/security-groups'

interface Said {
  readonly where: string
  readonly names: unknown
}

/**
 * The group `default`, if there is one, is for whoever is in no other. A network without groups lets pass
 * what the container says for all its networks.
 * @throws CniError(badConfig) for a group that this network does not have
 */
export const membership = (
  { args }: Pick<Request, 'args'>,
  config: Config,
): readonly string[] | undefined => {
  const { securityGroups } = config.net
  const { runtimeConfig } = config
  const said: readonly Said[] = [
    { where: 'runtimeConfig.securityGroups', names: runtimeConfig.securityGroups },
    { where: `the pod's annotation ${ANNOTATION}`, names: runtimeConfig[POD_ANNOTATIONS]?.[ANNOTATION] },
    { where: 'args.cni.securityGroups', names: config.args.securityGroups },
    { where: 'CNI_ARGS SECURITY_GROUPS', names: args.SECURITY_GROUPS },
  ]
  const [direct] = said
  if (!securityGroups) {
    if (direct?.names !== undefined) return listed(direct, undefined)
    return undefined
  }
  const first = said.find(({ names }) => names !== undefined)
  if (first) return listed(first, securityGroups)
  return Object.hasOwn(securityGroups, 'default') ? ['default'] : []
}

/** A list, or names with commas between them. */
const listed = ({ where, names }: Said, groups: NetConf['securityGroups']): string[] => {
  const list = typeof names === 'string' ? names.split(',') : names
  if (!Array.isArray(list)) throw notThere(where, names, groups)
  const trimmed = list
    .map(name => (typeof name === 'string' ? name.trim() : name))
    .filter(name => name !== '')
  for (const name of trimmed)
    if (typeof name !== 'string' || !Object.hasOwn(groups ?? {}, name)) throw notThere(where, name, groups)
  return [...new Set(trimmed)]
}

const notThere = (where: string, name: unknown, groups: NetConf['securityGroups']) =>
  new CniError(
    codes.badConfig,
    `${where}: ${JSON.stringify(name)} is no group of this network`,
    groups ? `there are ${Object.keys(groups).join(', ')}` : 'its configuration has no securityGroups',
  )
