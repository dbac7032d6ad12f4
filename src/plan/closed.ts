/** Whether a chain of iptables lets nothing pass that no rule accepts (iptables(8), "-P", "REJECT"). */

/**
 * @param lines of a table, as iptables-save(8) prints them
 * @param chain a built-in one with a policy, or one that is jumped to
 */
export const isClosed = (lines: readonly string[], chain: string): boolean =>
  endOf(lines, chain, new Set()) === 'refused'

/** What becomes of a packet that no rule with a condition takes; nothing in a chain that returns. */
const endOf = (
  lines: readonly string[],
  chain: string,
  seen: Set<string>,
): 'refused' | 'passed' | undefined => {
  if (seen.has(chain)) return undefined
  seen.add(chain)
  for (const target of unconditional(lines, chain)) {
    if (target === 'DROP' || target === 'REJECT') return 'refused'
    if (target === 'ACCEPT') return 'passed'
    if (target === 'RETURN') break
    const end = endOf(lines, target, seen)
    if (end) return end
  }
  return lines.some(line => line.startsWith(`:${chain} DROP `)) ? 'refused' : undefined
}

/** Where the rules without a condition lead, in their order. A comment is no condition. */
const unconditional = (lines: readonly string[], chain: string): string[] =>
  lines.flatMap(line => {
    const rule = line.startsWith(`-A ${chain} `) ? line.slice(`-A ${chain} `.length) : ''
    return /^(?:-m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+) )?-[jg] (\S+)/.exec(rule)?.[1] ?? []
  })
