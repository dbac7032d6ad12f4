/** `vethwork ls`: the networks of this host; touch nothing. */

import type { CommandModule } from 'yargs'
import type { NetworkListed } from '../networks.ts'
import { type Cell, table } from '../table.ts'
import { show } from '../terminal.ts'

interface Flags {
  json?: boolean
}

export const ls: CommandModule<object, Flags> = {
  command: 'ls',
  describe: 'list the networks: mode, bridge, subnets, gateway, containers, uplink, masquerade',
  builder: yargs =>
    yargs
      .options({ json: { type: 'boolean', describe: 'as a JSON array' } })
      .example('$0 ls', 'all networks that have something on this host'),
  async handler({ json }) {
    const { listNetworks } = await import('../networks.ts')
    const networks = await listNetworks()
    show(json, networks, () => listing(networks))
  },
}

const HEAD: readonly Cell[] = [
  ['NETWORK', 'MODE'],
  ['BRIDGE', 'STATE'],
  ['SUBNETS'],
  ['GATEWAYS'],
  ['CONTAINERS'],
  ['UPLINKS'],
  ['MASQUERADE'],
]

export const listing = (networks: readonly NetworkListed[]): string =>
  networks.length ? table(HEAD, networks.map(row)) : 'No network of vethwork is on this host.'

const row = (one: NetworkListed): Cell[] => [
  [one.name, one.mode ?? '?'],
  [one.bridge ?? '-', one.bridgeState ?? ''],
  one.subnets,
  one.gateways,
  [String(one.containers), ...(one.dead ? [`${one.dead} gone`] : [])],
  one.uplinks,
  [one.masquerade ? 'yes' : 'no'],
]
