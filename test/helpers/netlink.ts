import { fileURLToPath } from 'node:url'
import type { Netns } from './netns.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const arch = process.arch === 'arm64' ? 'aarch64' : 'x64'
const bun = path(`../../node_modules/@oven/bun-linux-${arch}/bin/bun`)

export interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: of whatever was called
  readonly result?: any
  /** The name of what was thrown. */
  readonly error?: string
  readonly message?: string
  readonly errno?: number
  readonly index?: number
}

/** Calls functions of src/linux/netlink inside a namespace, under Bun; see netlinkchild.ts. */
export const netlinkIn = async (netns: Netns, ...calls: [string, ...unknown[]][]): Promise<Answer[]> =>
  JSON.parse(await netns.ok(bun, ['run', path('netlinkchild.ts')], { input: JSON.stringify(calls) }))
