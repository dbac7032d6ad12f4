/** Boxes of text and the lines between them, in pixels. */

export interface Box {
  readonly kind: 'host' | 'uplink' | 'network' | 'bridge' | 'way' | 'container' | 'stranger'
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** The first is the title. */
  readonly lines: readonly string[]
  readonly state: State
}

export type State = 'up' | 'down' | 'unknown'

/** From point to point, always along one axis. */
export interface Line {
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly state: State
}

/** Of the font that svg.ts draws with: 12 pixels, all characters of one width. */
export const CHARACTER = 7.3
export const LINE = 16
export const WIDTH = 1100
export const GAP = 16
export const PAD = 8

export const textWidth = (lines: readonly string[]) =>
  Math.max(...lines.map(line => line.length)) * CHARACTER + 2 * PAD
export const textHeight = (lines: readonly string[]) => lines.length * LINE + PAD

export type Sketch = Pick<Box, 'kind' | 'lines' | 'state'>

/** One below the other. */
export const stacked = (sketches: readonly Sketch[], x: number, y: number) => {
  let bottom = y
  const boxes = sketches.map((sketch): Box => {
    const height = textHeight(sketch.lines)
    const box = { ...sketch, x, y: bottom, width: textWidth(sketch.lines), height }
    bottom += height + GAP / 2
    return box
  })
  return { boxes, bottom }
}

/** Words side by side, as many as there is room for. */
export const wordsInLines = (words: readonly string[], width: number): string[] => {
  const room = Math.floor(width / CHARACTER)
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 3 + word.length <= room)
      lines[lines.length - 1] = `${last}   ${word}`
    else lines.push(word)
  }
  return lines
}

export const stateOf = (state: string): State =>
  state === 'UP' ? 'up' : state === 'UNKNOWN' ? 'unknown' : 'down'
