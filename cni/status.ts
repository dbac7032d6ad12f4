/** STATUS: could ADD be served now? (specification 1.1.0, section 2 "STATUS") */

import { accessSync, constants } from 'node:fs'
import { telling } from '../ipam/io.ts'
import { portsOf } from '../src/linux/evidence.ts'
import { requireTool } from '../src/linux/exec.ts'
import { firewallCmd } from '../src/linux/firewalld.ts'
import { syscalls } from '../src/linux/netlink/syscalls.ts'
import { refuseWithoutRights } from '../src/linux/rights.ts'
import { hostLock, stateDir } from '../src/linux/state.ts'
import { surroundingsOf } from '../src/linux/surroundings.ts'
import { computesItself } from '../src/networks/checksums.ts'
import type { NetConf } from '../src/networks/network.ts'
import { findings } from '../src/services/findings.ts'
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
    const { rates } = config.wants
    const tools = [
      'ip',
      'nsenter',
      ...(rates.ingressRate || rates.egressRate ? await byPrograms(['tc']) : []),
      ...(needsNft(net) ? ['nft'] : []),
      ...(net.ipMasq && net.ipMasqBackend === 'iptables' ? ['iptables'] : []),
      ...(computesItself(net) ? ['ethtool'] : []),
    ]
    for (const tool of tools) await requireTool(tool)
    refuseWithoutRights()
    hostLock()
    telling('write', stateDir(), () => accessSync(stateDir(), constants.W_OK))
    const ports = net.bridge ? await portsOf(net.bridge) : []
    if (ports.length >= MAX_PORTS)
      throw new CniError(
        codes.notReady,
        `the bridge '${net.bridge}' has ${ports.length} ports, and a Linux bridge takes no more`,
        'use a second network',
      )
    await addressesOf(request, config).status()
    await refuseBlocked(net)
  } catch (error) {
    if (!(error instanceof CniError) || error.code === codes.notReady || error.code === codes.limited)
      throw error
    throw new CniError(codes.notReady, error.message, error.details)
  }
}

/** What the kernel is told by messages where it can be. */
const byPrograms = async (tools: readonly string[]) => ((await syscalls()) ? [] : tools)

const needsNft = ({ mode, ipMasq, ipMasqBackend, macspoofchk, anycastGateway }: NetConf) =>
  mode === 'local' || macspoofchk || anycastGateway || (ipMasq && ipMasqBackend === 'nftables')

/** What ADD cannot help: existing containers do not get through the host either. */
const refuseBlocked = async ({ mode, isGateway, bridge, vlan }: NetConf) => {
  if (mode === 'chained' || !isGateway) return
  const seen = await surroundingsOf({ bridge: vlan ? `${bridge}.${vlan}` : bridge, routed: true })
  // firewalld that listens will be told by ADD.
  const { zones } = seen.firewalls
  const firewalls =
    zones && (await firewallCmd(['--state'])) ? { ...seen.firewalls, zones: undefined } : seen.firewalls
  const blocked = findings({ ...seen, firewalls }).find(({ weight }) => weight === 'blocks')
  if (blocked)
    throw new CniError(
      codes.limited,
      `forwarding impossible: ${blocked.what}; ${blocked.why}`,
      `${blocked.fix} (${blocked.thread})`,
    )
}
