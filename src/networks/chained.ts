/** No network of its own: another plugin made the plug, and the services are added to it. */

import type { Network } from './network.ts'

export const chained: Network = {
  defaults: () => ({ bridge: '' }),
  shared: () => [],
  plug: () => [],
  endpoint: (_, { owner, netns, mac, tables, found }) => ({
    ...(found ?? { owner, netns, mac, addresses: [], gateways: [] }),
    tables,
  }),
}
