/** STATUS: could ADD be served now? (specification 1.1.0, section 2 "STATUS") */

import { accessSync, constants } from 'node:fs'
import { telling } from '../ipam/io.ts'
import { portsOf } from '../src/linux/evidence.ts'
import { requireTool } from '../src/linux/exec.ts'
import { refuseWithoutRights } from '../src/linux/rights.ts'
import { hostLock, stateDir } from '../src/linux/state.ts'
import { computesItself } from '../src/networks/checksums.ts'
import type { NetConf } from '../src/networks/network.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import { addressesOf } from './ipam.ts'
import type { Request } from './request.ts'
import { settle } from './settle.ts'

/** Ports of one Linux bridge: BR_MAX_PORTS of net/bridge/br_private.h, less one. */
const MAX_PORTS = 1023

/** @throws CniError(notReady) with the reason */
export const status = async (request: Request, config: Config): Promise<void> => {
  try {
    const net = await settle(config.net, undefined, true)
    const tools = [
      'ip',
      'nsenter',
      ...(needsNft(net) ? ['nft'] : []),
      ...(net.ipMasq && net.ipMasqBackend === 'iptables' ? ['iptables'] : []),
      ...(computesItself(net) ? ['ethtool'] : []),
    ]
    for (const tool of tools) await requireTool(tool)
    refuseWithoutRights()
    hostLock()
    telling('write', stateDir(), () => accessSync(stateDir(), constants.W_OK))
    const ports = await portsOf(net.bridge)
    if (ports.length >= MAX_PORTS)
      throw new CniError(
        codes.notReady,
        `the bridge '${net.bridge}' has ${ports.length} ports, and a Linux bridge takes no more`,
        'use a second network',
      )
    await addressesOf(request, config).status()
  } catch (error) {
    if (!(error instanceof CniError) || error.code === codes.notReady || error.code === codes.limited)
      throw error
    throw new CniError(codes.notReady, error.message, error.details)
  }
}

const needsNft = ({ mode, ipMasq, ipMasqBackend, macspoofchk, anycastGateway }: NetConf) =>
  mode === 'local' || macspoofchk || anycastGateway || (ipMasq && ipMasqBackend === 'nftables')
