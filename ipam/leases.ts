/**
 * The lease store of one network: who has which address. Every verb takes the network's lock, so no two processes
 * decide at once; the order of writing (see state.ts) makes it safe to die at any moment.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chooseAddresses, refuseSecond } from './acquire.ts'
import { matchRequested } from './allocator.ts'
import { blockIn } from './blocks.ts'
import { readBootId } from './boot.ts'
import { asLeases, type Evidence, type HeldLease, reclaimGone } from './evidence.ts'
import { type Directory, nowhere, openDirectory, readOnly, Torn } from './file.ts'
import { hostLocalDir as defaultDir } from './hostlocal.ts'
import type { LeasedAddress, Owner } from './lease.ts'
import { withLock } from './lock.ts'
import { asLeased, isIn, nameOf, type RangeSet, sizeOf } from './range.ts'
import { importHostLocal, mendBlock, recoverMarks } from './recover.ts'
import { folders, State } from './state.ts'

export interface LeaseRequest {
  /** Addresses asked for, "ip" or "ip/prefix". */
  readonly ips?: readonly string[]
  readonly netns?: { readonly path: string; readonly inode: number | null }
  readonly now?: Date
}

export interface RangeStatus {
  /** `10.1.2.1-10.1.2.254` */
  readonly range: string
  readonly size: bigint
  readonly used: bigint
}

export interface Leases {
  /**
   * Leases one address from each set, or none at all.
   *
   * @returns one address a set, in their order
   * @throws CniError poolExhausted, addressTaken, badConfig (address asked for), badEnvironment (owner has a lease), io, tryAgain
   */
  acquire(owner: Owner, sets: readonly RangeSet[], request?: LeaseRequest): Promise<LeasedAddress[]>
  /** What `acquire` would lease now, if no lease has to be reclaimed for it; nothing is written. Throws the same. */
  preview(owner: Owner, sets: readonly RangeSet[], request?: LeaseRequest): Promise<LeasedAddress[]>
  /** @returns the addresses released; none if there was nothing to release */
  release(owner: Owner): Promise<string[]>
  find(owner: Owner): Promise<HeldLease | undefined>
  list(): Promise<HeldLease[]>
  status(sets: readonly RangeSet[]): Promise<RangeStatus[]>
  /** Releases whatever `isGone` says so of; that may be the verdict of GC too. @returns the leases released */
  reclaim(isGone: NonNullable<Evidence['isGone']>): Promise<HeldLease[]>
}

export interface LeasesOptions {
  readonly network: string
  readonly evidence?: Evidence
  /** `ipam.dataDir`, or /var/lib/vethwork. */
  readonly dataDir?: string
  /** Where host-local's leases are looked for on first use: `ipam.dataDir` too, or /var/lib/cni/networks. */
  readonly hostLocalDir?: string
  readonly bootId?: string
  /** For tests. */
  readonly open?: typeof openDirectory
  readonly lock?: typeof withLock
}

/** Opens nothing yet: the first verb does. */
export const openLeases = (options: LeasesOptions): Leases => {
  const {
    network,
    evidence = {},
    dataDir = '/var/lib/vethwork',
    open = openDirectory,
    lock = withLock,
  } = options
  const path = join(dataDir, network)
  const hostLocal = join(options.hostLocalDir ?? defaultDir, network)

  const locked = <T>(work: (state: State) => T | Promise<T>): Promise<T> => {
    const directory = open(path, folders)
    const bootId = options.bootId ?? readBootId()
    const attempt = async (): Promise<T> => {
      try {
        const state = new State(directory, network, bootId)
        await takeOver(state)
        // No memory at all, new or lost: what the kernel still shows of this network is leased.
        if (state.isNew) await recoverMarks(state, evidence.rebuild)
        return await work(state)
      } catch (failure) {
        if (!(failure instanceof Torn)) throw failure
        await mendBlock(new State(directory, network, bootId, true), blockIn(failure.file), evidence.rebuild)
        return attempt()
      }
    }
    return lock(join(path, 'lock'), attempt)
  }

  /** Takes over host-local's leases on first use. They may be the same directory, and then they have the same lock. */
  const takeOver = async (state: State): Promise<void> => {
    if (state.pool.data.imported === hostLocal) return
    if (path === hostLocal || !existsSync(hostLocal)) importHostLocal(state, hostLocal)
    else await lock(join(hostLocal, 'lock'), () => importHostLocal(state, hostLocal))
  }

  /** Verbs other than acquire make no state where there is none. */
  const isUnused = () => options.open === undefined && !existsSync(path) && !existsSync(hostLocal)

  return {
    acquire: async (owner, sets, { ips = [], netns, now = new Date() } = {}) => {
      const requested = matchRequested(sets, ips)
      return locked(async state => {
        refuseSecond(state, owner)
        const chosen = await chooseAddresses(state, sets, requested, evidence, now)
        const record = {
          containerId: owner.containerId,
          ifname: owner.ifname,
          bootId: state.bootId,
          netns: netns?.path ?? null,
          netnsInode: netns?.inode ?? null,
          since: now.toISOString(),
        }
        for (const [i, address] of chosen.entries())
          state.moveCursor(address, other => sets[i]!.ranges.some(range => isIn(range, other)))
        state.put(chosen.map(address => ({ address, record })))
        return chosen.map(address => asLeased(sets, address)!)
      })
    },

    preview: async (owner, sets, { ips = [], now = new Date() } = {}) => {
      const requested = matchRequested(sets, ips)
      const look = async (directory: Directory) => {
        const state = new State(readOnly(directory), network, options.bootId ?? readBootId())
        refuseSecond(state, owner)
        const chosen = await chooseAddresses(state, sets, requested, { taken: evidence.taken }, now)
        return chosen.map(address => asLeased(sets, address)!)
      }
      if (!existsSync(join(path, 'pool.json'))) return look(nowhere)
      return lock(join(path, 'lock'), () => look(open(path, folders)))
    },

    release: async owner => {
      if (isUnused()) return []
      return locked(state => {
        const held = state.heldBy(owner)
        if (held.length > 0) state.drop(held)
        return held.map(({ address }) => address.text)
      })
    },

    find: async owner =>
      isUnused() ? undefined : locked(state => asLeases(network, state.heldBy(owner))[0]),

    list: async () => (isUnused() ? [] : locked(state => asLeases(network, state.all()))),

    status: async sets => {
      const used = isUnused()
        ? undefined
        : await locked(state => sets.map(set => set.ranges.map(range => state.leasedIn(range))))
      return sets.flatMap((set, i) =>
        set.ranges.map((range, j) => ({
          range: nameOf(range),
          size: sizeOf(range, set.gateways),
          used: BigInt(used?.[i]?.[j] ?? 0),
        })),
      )
    },

    reclaim: async isGone =>
      isUnused()
        ? []
        : locked(async state => {
            const gone = await reclaimGone(state, isGone, new Date())
            state.tidy()
            return gone
          }),
  }
}
