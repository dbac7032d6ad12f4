import type { Snapshot } from './snapshot.ts'

/**
 * What differs between two snapshots, one line each: `- nft: table inet vethwork`, `+ links: br0`,
 * `~ links: eth0.mtu: 1500 → 1450`. Empty when nothing does.
 *
 * @param except lines that match are left out
 */
export const difference = (before: Snapshot, after: Snapshot, except?: RegExp): string[] => {
  const lines: string[] = []
  for (const section of new Set([...Object.keys(before), ...Object.keys(after)])) {
    for (const line of compare(before[section] ?? {}, after[section] ?? {}))
      lines.push(line.replace(' ', ` ${section}: `))
  }
  return except ? lines.filter(line => !except.test(line)) : lines
}

const compare = (before: Record<string, unknown>, after: Record<string, unknown>): string[] => {
  const lines: string[] = []
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[key], after[key]]
    if (JSON.stringify(old) === JSON.stringify(now)) continue
    if (old === undefined) lines.push(`+ ${key} ${brief(now)}`)
    else if (now === undefined) lines.push(`- ${key} ${brief(old)}`)
    else if (isTable(old) && isTable(now))
      lines.push(...compare(old, now).map(line => `${line[0]} ${key}.${line.slice(2)}`))
    else lines.push(`~ ${key}: ${brief(old)} → ${brief(now)}`)
  }
  return lines
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const brief = (value: unknown): string => {
  const text = JSON.stringify(value) ?? ''
  return text.length > 300 ? `${text.slice(0, 300)} …` : text
}

/**
 * Waits until `take` equals `before`: the kernel removes a namespace's links a moment after the namespace.
 * Returns what still differs when the time is over.
 */
export const settled = async (
  before: Snapshot,
  take: () => Promise<Snapshot>,
  { except, timeout = 3000 }: { except?: RegExp; timeout?: number } = {},
): Promise<string[]> => {
  const until = Date.now() + timeout
  for (;;) {
    const lines = difference(before, await take(), except)
    if (lines.length === 0 || Date.now() > until) return lines
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
