/** Stores for tests: in memory, without a lock, of a boot of one's choice. */
import { type LeasesOptions, openLeases } from '../../../ipam/leases.ts'
import type { Memory } from './memory.ts'

export const inMemory = (memory: Memory, options: Partial<LeasesOptions> = {}) =>
  openLeases({
    network: 'net',
    bootId: 'boot-1',
    hostLocalDir: '/nonexistent',
    open: memory.open,
    lock: async (_, work) => work(),
    ...options,
  })

export const ownerOf = (containerId: string, ifname = 'eth0') => ({ network: 'net', containerId, ifname })
