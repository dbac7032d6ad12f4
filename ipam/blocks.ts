/** `blocks/10.1.2.0.json`: the truth, the leases of the 256 addresses from there on. */
import { type Address, addressAt, blockOf, offsetOf, parseAddress } from './address.ts'
import { type Directory, type Stored, Torn } from './file.ts'
import { type Held, type LeaseRecord, setOrDelete } from './record.ts'

interface Block {
  /** Of all its leases: those of an earlier boot are dropped when the block is read. */
  readonly bootId: string
  /** By the address's last byte. */
  readonly leases: Record<string, Omit<LeaseRecord, 'bootId'>>
}

export class Blocks {
  readonly #opened = new Map<string, Stored<Block>>()

  /** @param counted what is known of each block's leases without opening it; put right when it is opened */
  constructor(
    readonly directory: Directory,
    readonly bootId: string,
    readonly counted: Record<string, number>,
  ) {}

  isLeased(block: string, offset: number): boolean {
    return offset in this.#open(block).data.leases
  }

  /** @throws Torn */
  recordOf(address: Address): LeaseRecord | undefined {
    const found = this.#open(blockOf(address).text).data.leases[offsetOf(address)]
    return found && { ...found, bootId: this.bootId }
  }

  /** @throws Torn */
  heldIn(name: string): Held[] {
    const first = parseAddress(name)
    return Object.entries(this.#open(name).data.leases).map(([offset, record]) => ({
      address: addressAt(first.family, first.value + BigInt(offset)),
      record: { ...record, bootId: this.bootId },
    }))
  }

  /** Everything leased. @throws Torn */
  all(): Held[] {
    return this.#names().flatMap(name => this.heldIn(name))
  }

  /** Everything leased according to blocks that can be read. */
  readable(): Held[] {
    return this.#names().flatMap(name => {
      try {
        return this.heldIn(name)
      } catch (failure) {
        if (failure instanceof Torn) return []
        throw failure
      }
    })
  }

  /** In memory; `write` makes it last. */
  put(name: string, leases: readonly Held[]): void {
    const block = this.#open(name).data.leases
    for (const { address, record } of leases) {
      const { bootId: _, ...rest } = record
      block[offsetOf(address)] = rest
    }
    this.#count(name)
  }

  /** In memory; `write` makes it last. */
  drop(name: string, leases: readonly Held[]): void {
    const block = this.#open(name).data.leases
    for (const { address } of leases) delete block[offsetOf(address)]
    this.#count(name)
  }

  write(name: string): void {
    if (this.counted[name]) this.#open(name).write()
    else this.directory.remove(fileOf(name))
  }

  /** Forgets, in memory, what a damaged block says. Its remains are kept beside it. */
  renew(name: string): void {
    this.directory.setAside(fileOf(name))
    this.#opened.set(name, this.directory.anew(fileOf(name), this.#empty()))
    this.#count(name)
  }

  #open(name: string): Stored<Block> {
    const known = this.#opened.get(name)
    if (known) return known
    const block = this.directory.open(fileOf(name), this.#empty())
    if (block.data.bootId !== this.bootId) block.data = this.#empty()
    // More were counted than there are: somebody deleted the file, or put an old one in its place.
    if (Object.keys(block.data.leases).length < (this.counted[name] ?? 0)) throw new Torn(fileOf(name))
    this.#opened.set(name, block)
    this.#count(name)
    return block
  }

  #count(name: string): void {
    setOrDelete(this.counted, name, Object.keys(this.#opened.get(name)!.data.leases).length)
  }

  #empty = (): Block => ({ bootId: this.bootId, leases: {} })

  #names(): string[] {
    const files = this.directory.names('blocks').filter(file => /^[0-9a-f.:]+\.json$/.test(file))
    return files.map(file => blockIn(`blocks/${file}`))
  }
}

const fileOf = (block: string) => `blocks/${block}.json`

/** The name of the block whose file this is. */
export const blockIn = (file: string) => file.slice('blocks/'.length, -'.json'.length)
