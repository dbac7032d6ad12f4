/** The ops of traffic control (tc(8)): each a line of `tc -batch`. */

import type { Netns } from '../netns.ts'

export interface TcOp {
  readonly op: 'tc'
  readonly netns: Netns
  readonly line: string
  readonly words: string
  /** What takes it back; none where it goes with what it hangs on. */
  readonly undo: readonly TcOp[]
}

export const tc = (netns: Netns, line: string, words: string, undo: readonly TcOp[] = []): TcOp => ({
  op: 'tc',
  netns,
  line,
  words,
  undo,
})

/** What all kinds made of such ops have in common. */
export const byTc = {
  tool: () => 'tc' as const,
  line: ({ line }: TcOp) => line,
  words: ({ words }: TcOp) => words,
  undo: ({ undo }: TcOp) => [...undo],
}
