/** What `vethwork trace` prints. Pure. */

import type { Hop } from './journey.ts'
import { flowWords } from './packet.ts'
import type { Traced } from './trace.ts'

/** Each hop, the command that shows it, and the verdict. */
export const listing = ({ packet, hops, verdict, doubts, live }: Traced): string => {
  const lines = hops.map((hop, n) => lineOf(hop, n, hops[n - 1]))
  return [
    `${packet.protocol}, ${flowWords({ ...packet, saddr: packet.saddr || 'its own address' })}, ${packet.size} bytes`,
    ...lines.flat(),
    ...doubts.map(one => `note: ${one}`),
    ...(live ? [`live: ${live.words}`, ...live.steps.map(step => `    ${step}`)] : []),
    verdict.words,
  ].join('\n')
}

const lineOf = ({ where, what, see, isAnswer }: Hop, n: number, before?: Hop): string[] => [
  ...(isAnswer && !before?.isAnswer ? ['and the answer:'] : []),
  `${String(n + 1).padStart(2)}. ${where}: ${what}`,
  `    $ ${see}`,
]
