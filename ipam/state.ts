/**
 * The files of one network, as they are while its lock is held.
 *
 * The order of writing is what makes a crash harmless. Leasing: owners, block, pool; releasing: pool, block, owners.
 * So a lease always has its hint (it can be released), and a count is never too high (what is free is found, and a
 * count that is too high tells of a block that somebody deleted). Hints that say too much are checked against blocks.
 */
import { type Address, addressAt, parseAddress } from './address.ts'
import type { View } from './allocator.ts'
import { Blocks } from './blocks.ts'
import type { Directory, Stored } from './file.ts'
import type { Owner } from './lease.ts'
import { Owners } from './owners.ts'
import { openPool, type Pool } from './pool.ts'
import { isIn, type Range } from './range.ts'
import { byBlock, type Held, keyOf, type LeaseRecord } from './record.ts'

/** Only blocks are synced to the disk: whatever a power failure takes of the rest belongs to an earlier boot. */
export const folders = { '.': 'hint', blocks: 'durable', owners: 'hint' } as const
const keptCursors = 64

export class State implements View {
  readonly pool: Stored<Pool>
  /** There is no memory of this network, or it was lost. */
  readonly isNew: boolean
  readonly #blocks: Blocks
  readonly #owners: Owners

  /** @param isMending while a damaged block is mended, others may be damaged, too: their turn comes */
  constructor(
    readonly directory: Directory,
    readonly network: string,
    readonly bootId: string,
    isMending = false,
  ) {
    this.pool = openPool(directory)
    const { bootId: before } = this.pool.data
    this.isNew = before === ''
    if (before !== bootId) Object.assign(this.pool.data, { bootId, used: {} })
    this.#blocks = new Blocks(directory, bootId, this.pool.data.used)
    this.#owners = new Owners(directory, bootId, () =>
      isMending ? this.#blocks.readable() : this.#blocks.all(),
    )
    if (this.isNew)
      this.#blocks.readable() // the file was missing or damaged: this counts the leases
    else if (before !== bootId) this.#wipe()
  }

  atLeast(block: string): number {
    return this.pool.data.used[block] ?? 0
  }

  /** @throws Torn */
  isLeased(block: string, offset: number): boolean {
    return this.#blocks.isLeased(block, offset)
  }

  /** @throws Torn */
  recordOf(address: Address): LeaseRecord | undefined {
    return this.#blocks.recordOf(address)
  }

  /** Everything leased. @throws Torn */
  all(): Held[] {
    return this.#blocks.all()
  }

  /** How many addresses of the range are leased; opens only the blocks at its ends. @throws Torn */
  leasedIn(range: Range): number {
    return Object.entries(this.pool.data.used).reduce((sum, [name, used]) => {
      const first = parseAddress(name)
      const last = addressAt(first.family, first.value + 255n)
      if (isIn(range, first) && isIn(range, last)) return sum + used
      const { start, end } = range
      if (first.family !== start.family || last.value < start.value || first.value > end.value) return sum
      return sum + this.#blocks.heldIn(name).filter(({ address }) => isIn(range, address)).length
    }, 0)
  }

  /** What an attachment has. @throws Torn */
  heldBy({ containerId, ifname }: Pick<Owner, 'containerId' | 'ifname'>): Held[] {
    const owner = [
      { containerId, ifname },
      { containerId, ifname: '' },
    ].find(one => this.#owners.hinted(one).length > 0)
    if (!owner) return []
    const hinted = this.#owners.hinted(owner)
    const held = hinted.map(parseAddress).flatMap(address => {
      const record = this.recordOf(address)
      return record && keyOf(record) === keyOf(owner) ? { address, record } : []
    })
    if (held.length < hinted.length)
      this.#owners.correct(
        owner,
        held.map(({ address }) => address.text),
      )
    return held
  }

  /** Records leases, all or none. */
  put(leases: readonly Held[]): void {
    this.#owners.add(leases)
    const blocks = [...byBlock(leases)]
    try {
      for (const [name, ours] of blocks) {
        this.#blocks.put(name, ours)
        this.#blocks.write(name)
      }
      this.pool.write()
    } catch (failure) {
      this.#takeBack(blocks)
      throw failure
    }
  }

  /** Forgets leases. */
  drop(leases: readonly Held[]): void {
    const blocks = [...byBlock(leases)]
    for (const [name, ours] of blocks) this.#blocks.drop(name, ours)
    this.pool.write()
    for (const [name] of blocks) this.#blocks.write(name)
    this.#owners.remove(leases)
  }

  /** Writes a damaged block anew. */
  replaceBlock(name: string, leases: readonly Held[]): void {
    this.#blocks.renew(name)
    if (leases.length === 0) this.#blocks.write(name)
    this.put(leases)
  }

  /** What killed processes have left: files half written, and hints of leases that never came to be. */
  tidy(): void {
    for (const folder of Object.keys(folders))
      for (const name of this.directory.names(folder).filter(one => one.endsWith('.tmp')))
        this.directory.remove(`${folder}/${name}`)
    this.#owners.keepOnly(this.all())
  }

  hintsFor(block: string) {
    return this.#owners.hintsFor(block)
  }

  cursors(): Address[] {
    return this.pool.data.cursors.map(parseAddress)
  }

  /** From now on the set that holds `address` continues after it; `put` writes it. */
  moveCursor(address: Address, isOfItsSet: (other: Address) => boolean): void {
    const others = this.cursors().filter(other => !isOfItsSet(other))
    this.pool.data.cursors = [address, ...others].slice(0, keptCursors).map(({ text }) => text)
  }

  /** Another boot: no container of then runs, every lease is free. */
  #wipe(): void {
    for (const folder of Object.keys(folders))
      for (const name of this.directory.names(folder))
        if (folder !== '.' || name.endsWith('.tmp')) this.directory.remove(`${folder}/${name}`)
    this.pool.write()
  }

  /** After a failed write: the blocks as they were, as far as the disk still lets us. What stays has a hint. */
  #takeBack(blocks: readonly [string, Held[]][]): void {
    for (const [name, ours] of blocks) {
      try {
        this.#blocks.drop(name, ours)
        this.#blocks.write(name)
      } catch {}
    }
  }
}
