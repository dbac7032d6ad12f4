/** DEL: take one attachment away, whatever of it is left (specification, section 2 "DEL"). */

import { remove } from '../src/linux/machine.ts'
import { describe } from '../src/networks/index.ts'
import { attachmentOf } from './attachment.ts'
import type { Config } from './config.ts'
import { attemptAll } from './errors.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'

/**
 * Needs neither the namespace nor prevResult: all of it is found on the host by whose it is.
 * The addresses are released last: nobody may get one that is still in use.
 */
export const del = async (request: Request, config: Config): Promise<void> => {
  const addresses = addressesOf(request, config)
  const lease = await addresses.find().catch(() => undefined) // DEL goes on without
  await remove(describe(config.net, attachmentOf(request, config, undefined), lease))
  await attemptAll([() => addresses.release()])
}
