/**
 * Leases that the reference's host-local left behind: in `<dataDir>/<network>/` one file an address, named by it,
 * that holds "containerid\r\nifname" (before 0.7 only the ID), `last_reserved_ip.N` for each range set, and `lock`.
 * (containernetworking/plugins, plugins/ipam/host-local/backend/disk/backend.go)
 */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CniError, codes } from '../cni/errors.ts'
import { type Address, AddressError, parseAddress } from './address.ts'
import { readText } from './file.ts'
import { telling } from './io.ts'

export const hostLocalDir = '/var/lib/cni/networks'

export interface HostLocalLease {
  readonly address: Address
  readonly containerId: string
  /** Empty if an old version wrote it. */
  readonly ifname: string
  /** File name in the directory. */
  readonly file: string
}

export interface HostLocalLeases {
  readonly leases: readonly HostLocalLease[]
  /** The addresses it leased last. */
  readonly last: readonly Address[]
}

/**
 * Call it with the directory's `lock` held.
 *
 * @throws CniError io for what cannot be read, foreign for what host-local did not write; nothing is changed
 */
export const readHostLocal = (path: string): HostLocalLeases => {
  const files = existsSync(path) ? telling('list', path, () => readdirSync(path)) : []
  const leases = files.flatMap(file => {
    const address = addressOrNothing(file)
    return address ? readLease(path, file, address) : []
  })
  const last = files
    .filter(file => file.startsWith('last_reserved_ip.'))
    .flatMap(file => addressOrNothing((readText(join(path, file)) ?? '').trim()) ?? [])
  return { leases, last }
}

/** To be called when the leases are safe elsewhere, lest they be counted twice. */
export const removeHostLocal = (path: string, leases: readonly HostLocalLease[]): void => {
  for (const { file } of leases)
    telling('remove', join(path, file), () => rmSync(join(path, file), { force: true }))
}

const readLease = (path: string, file: string, address: Address): HostLocalLease[] => {
  const text = readText(join(path, file)) ?? ''
  // host-local was killed, or the power failed, between creating and writing it: it names nobody to wait for.
  if (text.trim() === '') return []
  const [containerId = '', ifname = '', ...rest] = text.trim().split(/\r?\n/)
  if (!/^[a-zA-Z0-9][\w.-]*$/.test(containerId) || !/^[^\s/:]{0,15}$/.test(ifname) || rest.length > 0)
    throw new CniError(
      codes.foreign,
      `cannot take over the lease ${join(path, file)}: it does not name a container and an interface`,
      'if no container uses this address, delete the file',
    )
  return [{ address, containerId, ifname, file }]
}

const addressOrNothing = (text: string): Address | undefined => {
  try {
    return parseAddress(text)
  } catch (failure) {
    if (failure instanceof AddressError) return undefined
    throw failure
  }
}
