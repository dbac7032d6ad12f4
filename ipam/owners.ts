/** `owners/7f.json`: a hint, which addresses a container has, so that DEL need not search. May say too much. */
import { type Address, blockOf, fnv1a, parseAddress } from './address.ts'
import { type Directory, type Stored, Torn } from './file.ts'
import type { Owner } from './lease.ts'
import { grouped, type Held, keyOf, ownerOf, setOrDelete } from './record.ts'

interface Shard {
  readonly bootId: string
  /** Addresses by `keyOf` their owner. */
  readonly owners: Record<string, string[]>
}

export class Owners {
  readonly #opened = new Map<string, Stored<Shard>>()

  /** @param leased the leases, for files that are missing or damaged */
  constructor(
    readonly directory: Directory,
    readonly bootId: string,
    readonly leased: () => Held[],
  ) {}

  hinted(owner: Pick<Owner, 'containerId' | 'ifname'>): string[] {
    return this.#shard(shardOf(owner)).data.owners[keyOf(owner)] ?? []
  }

  add(leases: readonly Held[]): void {
    for (const [file, ours] of byShard(leases)) {
      const { owners } = this.#shard(file).data
      for (const { address, record } of ours)
        owners[keyOf(record)] = [...new Set([...(owners[keyOf(record)] ?? []), address.text])]
      this.#shard(file).write()
    }
  }

  remove(leases: readonly Held[]): void {
    for (const [file, ours] of byShard(leases)) {
      const { owners } = this.#shard(file).data
      for (const { address, record } of ours) {
        const left = (owners[keyOf(record)] ?? []).filter(text => text !== address.text)
        setOrDelete(owners, keyOf(record), left)
      }
      this.#shard(file).write()
    }
  }

  /** Puts a hint right that was found to say too much. */
  correct(owner: Pick<Owner, 'containerId' | 'ifname'>, addresses: string[]): void {
    const shard = this.#shard(shardOf(owner))
    setOrDelete(shard.data.owners, keyOf(owner), addresses)
    shard.write()
  }

  /** What the hints say of a block's leases: the second witness when the block is damaged. */
  hintsFor(block: string): { owner: Pick<Owner, 'containerId' | 'ifname'>; address: Address }[] {
    const files = this.directory.names('owners').filter(file => file.endsWith('.json'))
    return files
      .flatMap(file => Object.entries(this.#read(`owners/${file}`)?.data.owners ?? {}))
      .flatMap(([key, texts]) => texts.map(text => ({ owner: ownerOf(key), address: parseAddress(text) })))
      .filter(({ address }) => blockOf(address).text === block)
  }

  /** Forgets whatever is not leased. */
  keepOnly(leases: readonly Held[]): void {
    const holders = new Map(leases.map(({ address, record }) => [address.text, keyOf(record)]))
    for (const name of this.directory.names('owners').filter(one => one.endsWith('.json'))) {
      const shard = this.#shard(`owners/${name}`)
      const { owners } = shard.data
      const wrong = Object.entries(owners).filter(([key, texts]) =>
        texts.some(one => holders.get(one) !== key),
      )
      for (const [key, texts] of wrong)
        setOrDelete(
          owners,
          key,
          texts.filter(one => holders.get(one) === key),
        )
      if (wrong.length) shard.write()
    }
  }

  #shard(file: string): Stored<Shard> {
    const known = this.#opened.get(file)
    if (known) return known
    const shard = this.#read(file) ?? this.#rebuilt(file)
    this.#opened.set(file, shard)
    return shard
  }

  /** undefined if it is missing or damaged. */
  #read(file: string): Stored<Shard> | undefined {
    try {
      const shard = this.directory.open<Shard>(file, { bootId: '', owners: {} })
      if (shard.data.bootId === '') return undefined
      if (shard.data.bootId !== this.bootId) shard.data = { bootId: this.bootId, owners: {} }
      return shard
    } catch (failure) {
      if (failure instanceof Torn) return undefined
      throw failure
    }
  }

  /** From the blocks; a damaged one adds its own leases when it is mended. */
  #rebuilt(file: string): Stored<Shard> {
    this.directory.setAside(file)
    const ours = byShard(this.leased()).get(file) ?? []
    const owners = [...grouped(ours, ({ record }) => keyOf(record))].map(
      ([key, held]) => [key, held.map(({ address }) => address.text)] as const,
    )
    return this.directory.anew<Shard>(file, { bootId: this.bootId, owners: Object.fromEntries(owners) })
  }
}

const byShard = (leases: readonly Held[]) => grouped(leases, ({ record }) => shardOf(record))

/** By the container alone: all its interfaces are in one file. FNV mixes its upper bits best. */
const shardOf = ({ containerId }: Pick<Owner, 'containerId'>) =>
  `owners/${(fnv1a(containerId) >>> 24).toString(16).padStart(2, '0')}.json`
