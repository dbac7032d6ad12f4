/** The IPAM plugin on its own: for other plugins that delegate their addresses to us. */

import type { Config } from './config.ts'
import { validOwners } from './gc.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'
import { renderResult } from './result.ts'

/** @returns ADD's result, which has neither `interfaces` nor `ips[].interface`; else undefined */
export const serveAddresses = async (request: Request, config: Config): Promise<object | undefined> => {
  const addresses = addressesOf(request, config)
  switch (request.verb) {
    case 'ADD': {
      const { addresses: ips, routes, dns } = await addresses.acquire()
      return renderResult({ interfaces: [], ips, routes, dns }, config.cniVersion)
    }
    case 'DEL':
      await addresses.release()
      return undefined
    case 'CHECK':
      await addresses.check()
      return undefined
    case 'STATUS':
      await addresses.status()
      return undefined
    case 'GC':
      await addresses.gc(validOwners(config), [])
      return undefined
    case 'VERSION':
      return undefined // answered before any configuration is read
  }
}
