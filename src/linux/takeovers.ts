/** Which addresses bridges took over from physical interfaces, for the way back. */

import { readBootId } from '../../ipam/boot.ts'
import { openDirectory } from '../../ipam/file.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { type Address, ownAddresses } from '../plan/kinds/takeover.ts'
import { HOST } from '../plan/netns.ts'
import { at, type Observed } from '../plan/observed.ts'
import { stateDir } from './state.ts'

interface Takeovers {
  bootId: string
  /** By the bridge's name. */
  bridges: Record<string, { dev: string; addresses: Address[] }>
}

const open = () => {
  const bootId = readBootId()
  const stored = openDirectory(stateDir(), {}).open<Takeovers>('takeovers.json', { bootId, bridges: {} })
  if (stored.data.bootId !== bootId) stored.data = { bootId, bridges: {} }
  return stored
}

/** Before it is done. With the host's lock held. */
export const rememberTakeovers = (desired: readonly Desired[], observed: Observed): void => {
  for (const one of desired) {
    const link = one.kind === 'takeover' && observed.links.get(at(HOST, one.dev))
    if (!link || link.master === one.bridge) continue
    const stored = open()
    stored.data.bridges[one.bridge] = { dev: one.dev, addresses: ownAddresses(link) }
    stored.write()
  }
}

/** What leads back, for bridges that are to be deleted. */
export const takeoversOf = (bridges: readonly string[]): Desired[] => {
  const { data } = open()
  return bridges.flatMap(bridge => {
    const found = data.bridges[bridge]
    return found
      ? [
          {
            kind: 'takeover',
            scope: 'network',
            netns: HOST,
            bridge,
            why: "the interface is the host's again",
            ...found,
          },
        ]
      : []
  })
}
