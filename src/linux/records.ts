/**
 * What was plugged in, as it was asked for: what DEL must know and no mark in the kernel has room for (published
 * ports, rates), and what people want to see. A record of an earlier boot is of nothing.
 */

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { readBootId } from '../../ipam/boot.ts'
import { nowhere, openDirectory, Torn } from '../../ipam/file.ts'
import type { Lease, Owner } from '../../ipam/lease.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import type { Element } from '../plan/kinds/element.ts'
import type { Endpoint } from '../services/service.ts'
import type { Wants } from '../services/wants.ts'
import { stateDir } from './state.ts'

export interface AttachmentRecord {
  readonly owner: Owner
  /** As what we were called: several of ours may stand in one chain. */
  readonly plugin: string
  /** ISO 8601, UTC. */
  readonly since: string
  readonly netns?: { readonly path: string; readonly inode: number }
  readonly endpoint: Endpoint
  readonly wants: Wants
  /** Its elements in our nft sets, for the day when somebody flushes those. */
  readonly elements?: readonly Element[]
  /** What it was leased; with `call` all that its description is made of. */
  readonly lease?: Lease
  readonly call?: Call
}

/** What ADD was called with, beside the owner and the namespace: enough to do CHECK or DEL without a runtime. */
export interface Call {
  /** Stdin, as it came. */
  readonly config: string
  /** CNI_ARGS */
  readonly args: Readonly<Record<string, string>>
  /** CNI_PATH */
  readonly path: readonly string[]
}

interface Kept {
  bootId: string
  record: AttachmentRecord | null
}

const FOLDER = '.attachments' // no network has a name like that

/** Damage is noticed, and nothing is left behind by whoever is killed while writing. */
const KEPT_AS = { '.': 'hint' } as const

const pathOf = (network: string) => `${stateDir()}/${FOLDER}/${network}`

/** Who only looks makes none. */
const directory = (network: string) =>
  existsSync(pathOf(network)) ? openDirectory(pathOf(network), KEPT_AS) : nowhere

const fileOf = ({ network, containerId, ifname }: Owner, plugin: string) =>
  `${fingerprint(`${network}/${containerId}/${ifname}/${plugin}`, 13)}.json`

/** Before anything is made. Not made durable: after a power loss there is nothing left that it is about. */
export const remember = (record: AttachmentRecord): void => {
  const kept: Kept = { bootId: readBootId(), record }
  const { owner, plugin } = record
  openDirectory(`${stateDir()}/${FOLDER}`, {})
  openDirectory(pathOf(owner.network), KEPT_AS).anew(fileOf(owner, plugin), kept).write()
}

export const recall = (owner: Owner, plugin: string): AttachmentRecord | undefined =>
  read(owner.network, fileOf(owner, plugin))

export const forget = (owner: Owner, plugin: string): void =>
  directory(owner.network).remove(fileOf(owner, plugin))

/** All of a network that this plugin wrote. */
export const recordsOf = (network: string, plugin: string): AttachmentRecord[] =>
  recordsIn(network).filter(record => record.plugin === plugin)

/** All of a network, whichever of ours wrote it. */
export const recordsIn = (network: string): AttachmentRecord[] =>
  directory(network)
    .names('.')
    .filter(name => name.endsWith('.json'))
    .flatMap(name => read(network, name) ?? [])

/** Networks that have records. Makes nothing where there is nothing. */
export const recordedNetworks = (): string[] =>
  existsSync(`${stateDir()}/${FOLDER}`) ? readdirSync(`${stateDir()}/${FOLDER}`) : []

/** Of every network and plugin, the oldest first. Makes nothing where there is nothing. */
export const allRecords = (): AttachmentRecord[] => {
  const folder = `${stateDir()}/${FOLDER}`
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .flatMap(network =>
      readdirSync(`${folder}/${network}`)
        .filter(name => name.endsWith('.json'))
        .flatMap(name => read(network, name) ?? []),
    )
    .sort((a, b) => (a.since < b.since ? -1 : 1))
}

/** When the network itself goes. */
export const forgetNetwork = (network: string): void =>
  rmSync(pathOf(network), { recursive: true, force: true })

/** One that is damaged is as good as none: the kernel has the marks. */
const read = (network: string, name: string): AttachmentRecord | undefined => {
  try {
    const { bootId, record } = directory(network).open<Kept>(name, { bootId: '', record: null }).data
    return record && bootId === readBootId() ? record : undefined
  } catch (error) {
    if (error instanceof Torn) return undefined
    throw error
  }
}
