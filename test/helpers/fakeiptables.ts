type Tables = Map<string, string[]>

/** The part of iptables-restore(8) that plans use, on lines as iptables-save(8) prints them. */
export class FakeIptables {
  #tables: Tables

  constructor(before: ReadonlyMap<string, readonly string[]>) {
    this.#tables = copy(before)
  }

  lines = (): ReadonlyMap<string, readonly string[]> =>
    new Map([...copy(this.#tables)].filter(([, lines]) => lines.length))
  save = () => copy(this.#tables)
  restore = (saved: Tables) => {
    this.#tables = saved
  }

  /** @param key as `iptables nat` */
  act(key: string, line: string): void {
    const lines = this.#tables.get(key) ?? []
    this.#tables.set(key, this.#after(lines, line))
  }

  #after(lines: string[], line: string): string[] {
    const [verb = '', chain = ''] = line.split(' ')
    const rules = (of: string) => lines.filter(one => one.startsWith(`-A ${of} `))
    const without = (gone: readonly string[]) => lines.filter(one => !gone.includes(one))
    const need = (found: readonly string[]) => {
      if (!found.length) throw new Error(`does not exist: ${line}`)
      return found
    }
    const chains = lines.filter(one => one.startsWith(`:${chain} `))
    if (verb.startsWith(':')) return [...lines, line]
    switch (verb) {
      case '-A':
        return [...lines, line]
      case '-I': {
        const rule = line.replace(/^-I (\S+) 1 /, '-A $1 ')
        const first = lines.findIndex(one => one.startsWith(`-A ${chain} `))
        return first < 0 ? [...lines, rule] : lines.toSpliced(first, 0, rule)
      }
      case '-D':
        return without(need(lines.filter(one => one === line.replace('-D', '-A'))))
      case '-F':
        need(chains)
        return without(rules(chain))
      case '-X':
        need(chains)
        if (rules(chain).length) throw new Error(`not empty: ${chain}`)
        return without(chains)
      default:
        throw new Error(`unknown option: ${line}`)
    }
  }
}

const copy = (tables: ReadonlyMap<string, readonly string[]>): Tables =>
  new Map([...tables].map(([key, lines]) => [key, [...lines]]))
