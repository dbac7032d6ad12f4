/** Where in a JSON text each value stands (RFC 8259): JSON.parse does not say. Pure. */

export interface Position {
  /** From 1, as editors count. */
  readonly line: number
  readonly column: number
}

export interface Scanned {
  /** By path, as `plugins[0].ipam.subnet`: of a member of an object where its name stands. The whole is ''. */
  readonly places: ReadonlyMap<string, Position>
  /** Names that stand twice in an object: the last one holds. */
  readonly doubles: readonly string[]
  /** What is no JSON, and where; nothing behind it was read. */
  readonly wrong?: Position & { readonly message: string }
}

export const scan = (text: string): Scanned => {
  const places = new Map<string, Position>()
  const doubles: string[] = []
  let at = 0

  const fail = (message: string): never => {
    throw new Wrong(message, at)
  }
  const skip = () => {
    at += /^[ \t\r\n]*/.exec(text.slice(at))![0].length
  }
  const take = (pattern: RegExp, what: string): string => {
    const [found] = pattern.exec(text.slice(at)) ?? fail(`${what} is missing`)
    at += found!.length
    return found!
  }
  /** Members or items up to the closing bracket. */
  const list = (close: string, item: (n: number) => void) => {
    at++
    skip()
    if (text[at] === close) return void at++
    for (let n = 0; ; n++) {
      item(n)
      skip()
      if (text[at] === close) return void at++
      if (text[at] !== ',') fail(`, or ${close} is missing`)
      at++
      skip()
      if (text[at] === close) fail('there is a comma too many before this')
    }
  }
  const value = (path: string) => {
    skip()
    if (!places.has(path)) places.set(path, positionAt(text, at))
    switch (text[at]) {
      case '{':
        return list('}', () => {
          const place = positionAt(text, at)
          const name = JSON.parse(take(STRING, 'a name in double quotes')) as string
          const child = path ? `${path}.${name}` : name
          if (places.has(child)) doubles.push(child)
          places.set(child, place)
          skip()
          take(/^:/, ': after the name')
          value(child)
        })
      case '[':
        return list(']', n => value(`${path}[${n}]`))
      default:
        take(SCALAR, 'a value')
    }
  }

  try {
    value('')
    skip()
    if (at < text.length) fail('something follows the end')
    return { places, doubles }
  } catch (error) {
    if (!(error instanceof Wrong)) throw error
    return { places, doubles, wrong: { ...positionAt(text, error.at), message: error.message } }
  }
}

class Wrong extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message)
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a string of JSON holds none
const STRING = /^"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/
const SCALAR = new RegExp(
  `${STRING.source}|^-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|^(?:true|false|null)\\b`,
)

const positionAt = (text: string, at: number): Position => {
  const before = text.slice(0, at)
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}

/** Where a field stands, or what would hold it: `ipam.ranges[0][0].subnet`, `ipam.ranges[0][0]` … */
export const placeOf = ({ places }: Scanned, field: string): Position => {
  for (let path = field; path; path = path.replace(/(^|\.)[^.[\]]+$|\[\d+\]$/, '')) {
    const found = places.get(path)
    if (found) return found
  }
  return places.get('') ?? { line: 1, column: 1 }
}
