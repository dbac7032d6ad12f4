/** Run by Bun inside a namespace, see netlink.ts: calls of src/linux/netlink, on stdin as [name, ...arguments], answers on stdout. */
import { readFileSync } from 'node:fs'
import type { NetlinkError } from '../../src/linux/netlink/errno.ts'
import { changeElements, type ElementFailure, elementsOf } from '../../src/linux/netlink/nftelements.ts'
import { generationOf, listTable } from '../../src/linux/netlink/nfttable.ts'
import { netlink } from '../../src/linux/netlink/socket.ts'
import { HOST } from '../../src/plan/netns.ts'

const nft = (await netlink(HOST, 'netfilter'))!

// biome-ignore lint/suspicious/noExplicitAny: each call has arguments of its own
const calls: Record<string, (...args: any[]) => unknown> = {
  generationOf: () => generationOf(nft),
  listTable: (name, part) => {
    const found = listTable(nft, name, part)
    return found && { ...found, chains: Object.fromEntries(found.chains) }
  },
  elementsOf: (table, set, wanted) => elementsOf(nft, table, set, wanted),
  changeElements: changes => changeElements(nft, changes),
  /** Milliseconds that one look takes at best, when it is done often. */
  time: (table, set, key) => {
    let best = Number.POSITIVE_INFINITY
    for (let n = 0; n < 300; n++) {
      const begin = performance.now()
      elementsOf(nft, table, set, { keys: [key] })
      best = Math.min(best, performance.now() - begin)
    }
    return best
  },
}

const answer = ([name, ...args]: [string, ...unknown[]]) => {
  try {
    return { result: calls[name]!(...args) }
  } catch (error) {
    const { name: kind, message } = error as Error
    const { cause, index } = error as ElementFailure
    const { errno } = (cause ?? error) as NetlinkError
    return { error: kind, message, errno, index }
  }
}

console.log(JSON.stringify((JSON.parse(readFileSync(0, 'utf8')) as [string, ...unknown[]][]).map(answer)))
process.exit(0)
