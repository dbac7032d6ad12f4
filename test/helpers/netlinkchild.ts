/** Run by Bun inside a namespace, see netlink.ts: calls of src/linux/netlink, on stdin as [name, ...arguments], answers on stdout. */
import { readFileSync } from 'node:fs'
import type { NetlinkError } from '../../src/linux/netlink/errno.ts'
import { forgetFlows } from '../../src/linux/netlink/flows.ts'
import { changeElements, type ElementFailure, elementsOf } from '../../src/linux/netlink/nftelements.ts'
import { generationOf, listTable } from '../../src/linux/netlink/nfttable.ts'
import { queuesOf } from '../../src/linux/netlink/queues.ts'
import { netlink } from '../../src/linux/netlink/socket.ts'
import { tcShow } from '../../src/linux/tc.ts'
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
  forgetFlows: ops => forgetFlows(HOST, ops),
  queuesOf: async devs => Object.fromEntries((await queuesOf(HOST, devs)) ?? []),
  tcShow: async devs => Object.fromEntries(await tcShow(HOST, devs)),
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

const answer = async ([name, ...args]: [string, ...unknown[]]) => {
  try {
    return { result: await calls[name]!(...args) }
  } catch (error) {
    const { name: kind, message } = error as Error
    const { cause, index } = error as ElementFailure
    const { errno } = (cause ?? error) as NetlinkError
    return { error: kind, message, errno, index }
  }
}

const answers: object[] = []
for (const call of JSON.parse(readFileSync(0, 'utf8'))) answers.push(await answer(call))
console.log(JSON.stringify(answers))
process.exit(0)
