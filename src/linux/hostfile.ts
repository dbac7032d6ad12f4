/** What differs from host to host, in one file of the administrator's: /etc/vethwork/host.json. */

import { existsSync, readFileSync } from 'node:fs'
import { CniError, codes } from '../../cni/errors.ts'
import type { OwnRange } from '../../ipam/range.ts'

export interface HostFile {
  /** This host's name for `gatewayHost` and the like; the kernel's without it. */
  readonly name: string
  /** Interface names by label: `{"default": "ens35"}`. */
  readonly physicalNetworks: Readonly<Record<string, string>>
  /** This host's part of networks' subnets, by the network's name. */
  readonly ranges: Readonly<Record<string, readonly OwnRange[]>>
}

export const hostFilePath = () => process.env.VETHWORK_HOST_FILE || '/etc/vethwork/host.json'

/** What uname(2) calls this host. */
const kernelName = () => readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()

/** As cni/schema/fields.ts has it. */
const interfaceName = /^(?!-|\.{1,2}$)[\w.@=,~-]{1,15}$/

/** @throws CniError(badConfig) if it is there and not understood */
export const readHostFile = (): HostFile => {
  const path = hostFilePath()
  if (!existsSync(path)) return { name: kernelName(), physicalNetworks: {}, ranges: {} }
  try {
    const { name = kernelName(), physicalNetworks = {}, ranges = {} } = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof name !== 'string') throw new Error('name is no text')
    for (const [label, device] of Object.entries(physicalNetworks))
      if (typeof device !== 'string' || !interfaceName.test(device))
        throw new Error(`physicalNetworks.${label}: ${JSON.stringify(device)} is no interface's name`)
    for (const [network, list] of Object.entries(ranges))
      if (!Array.isArray(list) || !list.every(isOwnRange))
        throw new Error(`ranges.${network} is no list of {rangeStart, rangeEnd}`)
    return { name, physicalNetworks, ranges }
  } catch (error) {
    throw new CniError(
      codes.badConfig,
      `${path}: ${(error as Error).message}`,
      'it must be as {"physicalNetworks": {"default": "eth1"}, "ranges": {"web": [{"rangeStart": "10.22.0.10", "rangeEnd": "10.22.0.99"}]}}',
    )
  }
}

const isOwnRange = (value: unknown) => {
  const { rangeStart, rangeEnd } = (value ?? {}) as Record<string, unknown>
  return typeof rangeStart === 'string' && typeof rangeEnd === 'string'
}
