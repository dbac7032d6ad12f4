/** Of which service of a network a line of nft is: by the name of its chain or set. Pure. */

import type { AilmentId } from '../ailments.ts'

interface Service {
  readonly names: RegExp
  readonly id: AilmentId
  readonly words: string
}

const services: readonly Service[] = [
  { names: /^masquerade/, id: 'masquerade-missing', words: 'its rules of masquerade are not all there' },
  { names: /^ports/, id: 'port-map-missing', words: 'what leads its published ports to it is not all there' },
  {
    names: /^(to-)?groups?-/,
    id: 'security-group-missing',
    words: 'the rules of its security groups are not all there',
  },
  {
    names: /^(mac|ip)spoofchk/,
    id: 'spoof-check-missing',
    words: 'the check of who may send with which address is not all there',
  },
  {
    names: /^(isolation|secluded|local-)/,
    id: 'isolation-missing',
    words: 'what keeps others out is not all there',
  },
]

/** @param line `add rule inet vethwork masquerade/web …`; undefined for what comes with something else that is missing */
export const ruleAilment = (line: string): Pick<Service, 'id' | 'words'> | undefined => {
  const [, verb, name = ''] = /^(?:add|create|flush|delete) (\w+) \w+ \w+ ?(\S*)/.exec(line) ?? []
  if (verb === 'table' || verb === 'set' || verb === 'map') return undefined
  return (
    services.find(({ names }) => names.test(name)) ?? {
      id: 'rules-missing',
      words: `what it has in nft as '${name}' is not all there`,
    }
  )
}
