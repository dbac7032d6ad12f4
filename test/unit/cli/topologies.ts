import type { NetworkSeen, Port, Topology } from '../../../src/linux/topology.ts'

/** A container's port; its host end is called like those of the plugin, and as long. */
export const port = (n: number, addresses: readonly string[], state = 'UP'): Port => ({
  name: `veth${String(n).padStart(11, '0')}`,
  state,
  container: { id: `${n}f2a9c1b7d44e8a0`, ifname: 'eth0', addresses },
})

export const network = (
  name: string,
  ports: readonly Port[],
  rest: Partial<NetworkSeen> = {},
): NetworkSeen => ({
  name,
  bridge: { name: `br-${name}`, state: 'UP', addresses: ['192.0.2.1/24'] },
  legs: [],
  masquerade: true,
  waysOut: [],
  ports,
  ...rest,
})

export const host = (...networks: readonly NetworkSeen[]): Topology => ({
  host: 'h1',
  forwarding: { 4: true, 6: false },
  uplinks: [{ name: 'ens3', state: 'UP', addresses: ['198.51.100.1/24', '2001:db8:51::1/64'] }],
  networks,
})
