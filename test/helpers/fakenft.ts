import type { ObservedElement, ObservedTable } from '../../src/plan/observed.ts'

type Tables = Map<string, { chains: Map<string, string[]>; sets: Map<string, ObservedElement[]> }>

/** The part of nft(8) that plans use. A line it does not know, or that nft would refuse, throws. */
export class FakeNft {
  #tables: Tables

  constructor(before: ReadonlyMap<string, ObservedTable>) {
    this.#tables = copy(before)
  }

  tables = (): ReadonlyMap<string, ObservedTable> => copy(this.#tables)
  save = () => copy(this.#tables)
  restore = (saved: Tables) => {
    this.#tables = saved
  }

  act(line: string): void {
    for (const [form, work] of this.#forms) {
      const found = form.exec(line)
      if (!found) continue
      work(...(found.slice(1) as [string, string, string, string]))
      return
    }
    throw new Error(`syntax error: ${line}`)
  }

  readonly #forms: readonly [
    RegExp,
    (table: string, name: string, rest: string, comment: string, value?: string) => void,
  ][] = [
    [
      /^add table (\w+ \w+)$/,
      table => this.#tables.has(table) || this.#tables.set(table, { chains: new Map(), sets: new Map() }),
    ],
    [/^delete table (\w+ \w+)$/, table => removed(this.#tables, table)],
    [
      /^add chain (\w+ \w+) (\S+) \{ (?:type .* hook .* priority -?\w+;.*)? \}$/,
      (table, name) => this.#at(table).chains.set(name, []),
    ],
    [/^delete chain (\w+ \w+) (\S+)$/, (table, name) => removed(this.#at(table).chains, name)],
    [/^add (?:set|map) (\w+ \w+) (\S+) \{ type .*; \}$/, (table, name) => this.#at(table).sets.set(name, [])],
    [/^delete set (\w+ \w+) (\S+)$/, (table, name) => removed(this.#at(table).sets, name)],
    [
      /^add rule (\w+ \w+) (\S+) (.+) comment "([^"]+)"$/,
      (table, name, _, comment) => present(this.#at(table).chains, name).push(comment),
    ],
    [
      /^(?:add|create) element (\w+ \w+) (\S+) \{ (.+) comment "([^"]+)"(?: : (.+))? \}$/,
      (table, name, key, comment, value) => {
        const elements = present(this.#at(table).sets, name)
        if (elements.some(one => one.key === key)) throw new Error(`exists: ${key}`)
        const target = /^(?:goto|jump) (\S+)$/.exec(value ?? '')?.[1]
        if (target) present(this.#at(table).chains, target)
        elements.push({ key, comment, ...(value ? { value } : {}) })
      },
    ],
    [
      /^delete element (\w+ \w+) (\S+) \{ (.+) \}$/,
      (table, name, key) => {
        const elements = present(this.#at(table).sets, name)
        const at = elements.findIndex(one => one.key === key)
        if (at < 0) throw new Error(`no such element: ${key}`)
        elements.splice(at, 1)
      },
    ],
  ]

  #at = (table: string) => present(this.#tables, table)
}

const present = <T>(map: Map<string, T>, key: string): T => {
  const found = map.get(key)
  if (found === undefined) throw new Error(`does not exist: ${key}`)
  return found
}

const removed = <T>(map: Map<string, T>, key: string) => {
  present(map, key)
  map.delete(key)
}

const copy = (tables: ReadonlyMap<string, ObservedTable>): Tables =>
  new Map(
    [...tables].map(([name, { chains, sets }]) => [
      name,
      {
        chains: new Map([...chains].map(([chain, rules]) => [chain, [...rules]])),
        sets: new Map([...sets].map(([set, elements]) => [set, [...elements]])),
      },
    ]),
  )
