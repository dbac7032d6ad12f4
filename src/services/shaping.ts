/**
 * Rates of what a container receives and sends (the reference `bandwidth`). What it receives is shaped where the host's
 * end of its cable sends it; what it sends comes in there, and is led through a device that can queue it (ifb).
 * Without an end on the host (macvlan, ipvlan) the same is done inside, the other way round.
 */

import type { Owner } from '../../ipam/lease.ts'
import { hostIfb, ifbAlias } from '../networks/marks.ts'
import type { NetConf } from '../networks/network.ts'
import type { Desired } from '../plan/kinds/index.ts'
import { HOST, type Netns } from '../plan/netns.ts'
import type { Endpoint, Service } from './service.ts'

export const shaping: Service = {
  plug(conf, { owner, netns, port }, { rates }) {
    const place = placeOf({ owner, netns, port })
    if (!place) return []
    const ingress = { ...burstOf(rates.ingressRate, rates.ingressBurst), ...subnets(conf, 'src') }
    const egress = { ...burstOf(rates.egressRate, rates.egressBurst), ...subnets(conf, 'dst') }
    const [sends, receives] = port ? [ingress, egress] : [egress, ingress]
    const [sendsWhy, receivesWhy] = port ? ['ingressRate', 'egressRate'] : ['egressRate', 'ingressRate']
    const common = { scope: 'attachment', ...place, stays: conf.mode === 'chained' } as const
    const ifb = hostIfb(owner)
    return [
      ...(receives.rate ? [detour(owner, place.netns, place.dev)] : []),
      ...(sends.rate ? [{ ...common, ...sends, kind: 'shaper' as const, why: sendsWhy }] : []),
      ...(receives.rate
        ? [
            { ...common, ...receives, kind: 'shaper' as const, dev: ifb, stays: false, why: receivesWhy },
            { ...common, kind: 'redirect' as const, to: ifb, why: receivesWhy },
          ]
        : []),
    ]
  },
}

/** Where it is done; undefined when that is gone already. */
const placeOf = ({ owner, netns, port }: Pick<Endpoint, 'owner' | 'netns' | 'port'>): Place | undefined => {
  if (port) return { netns: HOST, dev: port }
  return netns && { netns, dev: owner.ifname }
}

interface Place {
  readonly netns: Netns
  readonly dev: string
}

/** The device through which comes what `dev` receives. */
export const detour = (owner: Owner, netns: Netns, dev: string): Desired => ({
  kind: 'link',
  scope: 'attachment',
  netns,
  name: hostIfb(owner),
  type: 'ifb',
  alias: ifbAlias(owner, dev),
  settings: { up: true },
  why: 'what an interface receives cannot wait there: it needs a queue of its own',
})

const subnets = ({ unshapedSubnets, shapedSubnets }: NetConf, far: 'src' | 'dst') => ({
  far,
  except: unshapedSubnets,
  only: shapedSubnets,
})

/** The largest GSO segment, 64 KiB, with the headers of all its packets: it goes in one piece, and must find room. */
const SEGMENT = 80 << 10
/** Seconds that a packet may wait, as with the reference; and what may follow at once when a busy machine was late. */
const LATENCY = 0.025
/** Seconds: less, and each late timer costs some of the rate; more, and the kernel's clock of 32 bits runs over. */
const [SHORTEST, LONGEST] = [0.001, 60]
/** Bits. Runtimes that cannot say a burst send one that means none: 2^31-1 (dockershim), 2^32-1 (containerd), 2^35-1 (CRI-O). */
const UNSAID = 2 ** 31 - 1

/** Bits to what a shaper needs. */
const burstOf = (rate: number, bits: number) => {
  const bytes = rate / 8
  const asked = bits >= UNSAID ? bytes * LATENCY : bits / 8
  const burst = Math.min(Math.max(asked, SEGMENT, bytes * SHORTEST), bytes * LONGEST)
  return {
    // One byte a second is the least that tc can say.
    rate: rate && Math.max(8, rate),
    burst: Math.ceil(burst),
    queue: Math.ceil(Math.min(Math.max(SEGMENT, bytes * LATENCY), 2 ** 31)),
  }
}
