/** A directory of state in memory, that counts what is read and written, and dies on demand. */
import { type Directory, type Stored, Torn } from '../../../ipam/file.ts'

/** As if the process were killed: after `after` changes nothing more reaches the disk. */
export class Killed extends Error {}

export class Memory {
  readonly files = new Map<string, string>()
  reads = 0
  writes = 0
  #left = Number.POSITIVE_INFINITY
  #transient = false

  /** The `after`-th change from now fails; every later one too, unless it is transient. */
  dieAfter(after: number, { transient = false } = {}): void {
    this.#left = after
    this.#transient = transient
  }

  revive(): void {
    this.#left = Number.POSITIVE_INFINITY
  }

  tear(name: string): void {
    this.files.set(name, 'torn')
  }

  readonly open = (): Directory => {
    const anew = <T>(name: string, initial: T): Stored<T> => ({
      data: structuredClone(initial),
      write: this.#writer(name),
    })
    return {
      anew,
      open: (name, initial) => {
        const stored = anew(name, initial)
        const text = this.files.get(name)
        if (text === 'torn') throw new Torn(name)
        if (text !== undefined) {
          this.reads++
          stored.data = JSON.parse(text)
        }
        return stored
      },
      names: folder =>
        [...this.files.keys()]
          .filter(name => name.startsWith(`${folder}/`))
          .map(name => name.slice(folder.length + 1)),
      remove: name => this.#change(() => this.files.delete(name)),
      setAside: () => {},
    }
  }

  #writer(name: string) {
    const change = this.#change.bind(this)
    const { files } = this
    return function (this: Stored<unknown>) {
      change(() => files.set(name, JSON.stringify(this.data)))
    }
  }

  #change(change: () => void): void {
    if (this.#left <= 0) {
      if (this.#transient) this.revive()
      throw new Killed('no space left')
    }
    this.#left--
    this.writes++
    change()
  }
}
