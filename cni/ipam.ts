/** The addresses of one attachment: from our own IPAM, from a delegate, or none. */

import type { Lease, Owner } from '../ipam/lease.ts'
import { recordsOf } from '../src/linux/records.ts'
import type { Explained } from '../src/plan/explain.ts'
import { isSame } from './attachment.ts'
import { builtIn } from './builtin.ts'
import type { Config } from './config.ts'
import { delegate, supports } from './delegate.ts'
import { attemptAll, CniError, codes } from './errors.ts'
import type { Request } from './request.ts'
import { parseResult, type Result, toLease } from './result.ts'

/** What a network asks of its IPAM, whichever it is. */
export interface Addresses {
  /** Recorded before this returns. All, or an error and nothing. */
  acquire(): Promise<Lease>
  /** What acquire would give, as far as that can be said without doing it; and a line of the plan for it. */
  preview(): Promise<Preview>
  /** Idempotent. */
  release(): Promise<void>
  /** What was leased, if that is known here. */
  find(): Promise<Lease | undefined>
  /** @throws CniError(differs) if the lease is not there */
  check(): Promise<void>
  /** @throws CniError(notReady) if no address could be had */
  status(): Promise<void>
  /** Releases what nobody in `valid` has; `stale` are the holders of whom that is known. */
  gc(valid: readonly Owner[], stale: readonly Holder[]): Promise<void>
  /** Whoever has a lease, as far as that is known here. */
  holders(): Promise<readonly Holder[]>
}

/** Who has a lease, and the path of the namespace that it was for; empty if it is not known. */
export interface Holder extends Owner {
  readonly netns: string
}

export interface Preview {
  readonly lease: Lease
  readonly words: readonly Explained[]
}

export const addressesOf = (request: Request, config: Config): Addresses => {
  // A chained plugin has none, whatever its section says: they are the first plugin's.
  if (config.net.mode === 'chained') return none
  switch (config.ipam.kind) {
    case 'ours':
      return builtIn(request, config, config.ipam.conf)
    case 'delegate':
      return delegated(request, config, config.ipam.type)
    case 'none':
      return none
  }
}

const empty: Lease = { addresses: [], routes: [], dns: {} }

const none: Addresses = {
  acquire: async () => empty,
  preview: async () => ({ lease: empty, words: [] }),
  release: async () => {},
  find: async () => empty,
  check: async () => {},
  status: async () => {},
  gc: async () => {},
  holders: async () => [],
}

/** As the reference: a section `ipam` that gives nothing is a mistake. */
const refuseEmpty = (lease: Lease, what: string): Lease => {
  if (lease.addresses.length) return lease
  throw new CniError(codes.decode, `${what} gave no address`, 'correct its configuration')
}

/** Of prevResult, without the addresses that later plugins of the chain added: with isGateway each of ours has its gateway. */
const ownPart = (prevResult: Result, { ifname }: Request, { net }: Config): Result => ({
  ...prevResult,
  ips: prevResult.ips.filter(
    ({ gateway, interface: at }) =>
      (at === undefined || prevResult.interfaces[at]?.name === ifname) &&
      (gateway !== undefined || !net.isGateway),
  ),
})

const delegated = (request: Request, config: Config, type: string): Addresses => {
  const call = (verb: 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC') => delegate(type, verb, request, config)
  return {
    async acquire() {
      const what = `ipam plugin '${type}'`
      try {
        const answer = await call('ADD')
        return refuseEmpty(toLease(parseResult(answer, what, config.cniVersion), what), what)
      } catch (error) {
        await call('DEL').catch(() => {}) // specification, section 4: it may have reserved something
        throw error
      }
    },
    preview: async () => ({
      lease: empty,
      words: [
        {
          words: `ask the ipam plugin '${type}' for addresses; what follows is without them`,
          why: `ipam.type: "${type}"`,
          command: `CNI_COMMAND=ADD ${type} < configuration`,
        },
      ],
    }),
    release: async () => void (await call('DEL')),
    // Only the plugin knows; what it gave stands in prevResult.
    find: async () =>
      config.prevResult
        ? toLease(
            ownPart(parseResult(config.prevResult, 'prevResult', config.cniVersion), request, config),
            'prevResult',
          )
        : undefined,
    check: async () => void (await call('CHECK')),
    status: async () => {
      if (await supports(type, '1.1.0', request, config)) await call('STATUS')
    },
    // Reference plugins take GC and do nothing: DEL is what they know.
    async gc(valid, stale) {
      if (!(await supports(type, '1.1.0', request, config))) return
      const gone = stale.filter(one => !valid.some(isSame(one)))
      await attemptAll([
        ...gone.map(one => () => delegate(type, 'DEL', { ...request, ...one }, config)),
        () => call('GC'),
      ])
    },
    // As far as it is remembered here.
    holders: async () =>
      recordsOf(config.name, config.plugin).map(({ owner, netns }) => ({
        ...owner,
        netns: netns?.path ?? '',
      })),
  }
}
