/** Somebody flushed our rules (pain 7): ADD has made anew what it needs itself; here is what else its network needs. */

import type { Owner } from '../ipam/lease.ts'
import { ensure, remove } from '../src/linux/machine.ts'
import { nftTable } from '../src/linux/nft.ts'
import { type AttachmentRecord, recall } from '../src/linux/records.ts'
import { livingRecords } from '../src/linux/revival.ts'
import { TABLES } from '../src/networks/marks.ts'
import { describeAgain } from './again.ts'

/**
 * What the network's other living attachments have in our rules. One that publishes ports stands for all that do: who
 * makes a map anew puts in what all of them had.
 */
export const revive = async ({ network, containerId, ifname }: Owner): Promise<void> => {
  const isOwn = ({ owner }: AttachmentRecord) => owner.containerId === containerId && owner.ifname === ifname
  const left = (await livingRecords([network])).filter(record => !isOwn(record))
  while (left.length) {
    const isThere = await elementsThere()
    const n = left.findIndex(({ elements = [] }) => !elements.every(isThere))
    if (n < 0) return
    // What is in its way `repair` tells; the others' is made all the same.
    for (const record of left.splice(n, 1)) await reviveOne(record).catch(() => {})
  }
}

const reviveOne = async (record: AttachmentRecord) => {
  const described = await describeAgain(record)
  await ensure(
    described.filter(({ kind, scope }) => scope === 'network' || kind === 'element'),
    () => {},
  )
  // Its DEL may have come meanwhile.
  if (!recall(record.owner, record.plugin)) await remove(record.elements ?? [], 'remove known')
}

interface Place {
  readonly table: string
  readonly set: string
  readonly key: string
}

const elementsThere = async () => {
  const found = await Promise.all(
    TABLES.map(async table =>
      [...((await nftTable(table))?.sets ?? [])].map(([set, all]) => ({ table, set, all })),
    ),
  )
  const keys = new Set(
    found.flat().flatMap(({ table, set, all }) => all.map(({ key }) => place({ table, set, key }))),
  )
  return (one: Place) => keys.has(place(one))
}

const place = ({ table, set, key }: Place) => `${table} ${set} ${key}`
