/**
 * The netns tests run with each driver, netlink and iproute2. Whoever comes second to an ADD, DEL or GC finds what the other
 * left at the same point of the same test, and it must be the same state, in the host and in the container. Only where
 * VETHWORK_TEST_STATES names a directory for what is left; see .dev/test.mjs.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { onceOnly } from '../../.dev/onedriver.mjs'
import type { Call, Place } from './cni.ts'
import { difference, settled } from './difference.ts'
import { nth, thisTest } from './ids.ts'
import { impersonal, isOthers, rememberMacs } from './impersonal.ts'
import { type Netns, netnsAt } from './netns.ts'
import type { Snapshot } from './snapshot.ts'

const directory = process.env.VETHWORK_TEST_STATES
const drivers = ['netlink', 'iproute2'] as const
const mine = process.env.VETHWORK_NETLINK ?? 'netlink'

const changing = ['ADD', 'DEL', 'GC']

/** Whether this file runs with the other driver, too. */
const runsTwice = () => {
  const [, name] = /netns\/([\w-]+)\.test\.ts$/.exec(expect.getState().testPath ?? '') ?? []
  return name !== undefined && !(name in onceOnly)
}

interface Calls {
  under: number
  /** Several at once: the order decides who gets what, in this run and in the other. */
  atOnce: boolean
}
const calls = new Map<string, Calls>()

/** To be told when a call begins; the function it returns, when it has succeeded or failed. */
export const compared = async (
  { name, ok }: Place,
  call: Call,
): Promise<(succeeded: boolean) => Promise<void>> => {
  const isOfBoth = changing.includes(call.command) && !call.env?.VETHWORK_NETLINK && runsTwice()
  if (!directory || !name || !ok || !isOfBoth) return async () => {}
  const key = keyOf(call)
  const here = calls.get(name) ?? { under: 0, atOnce: false }
  calls.set(name, here)
  here.under++
  if (here.under > 1) here.atOnce = true
  if (key && !here.atOnce) await Promise.all([{ ok }, guestOf(call)].map(one => one && rememberMacs(one)))
  return async succeeded => {
    try {
      if (succeeded && key && !here.atOnce) await compare(key, { ok }, call)
    } finally {
      here.under--
    }
  }
}

/** Other than in thirty states of a storm, what is different is met in the first two of a test, and the first of each verb. */
const isLookedAt = (command: string) => {
  const [call, ofVerb] = [nth('call'), nth(command)]
  return call <= 2 || ofVerb === 1
}

/** The n-th such call of this test; undefined when it had enough of them. */
const keyOf = ({ command, config, container, ...call }: Call): string | undefined => {
  if (!isLookedAt(command)) return undefined
  const network = typeof config === 'object' && 'name' in config ? config.name : ''
  const what = [command, network, call.containerId ?? container?.id, call.ifname].join(' ')
  return `${thisTest()} › ${what} #${nth(what)}`
}

type States = Record<string, Snapshot>

const guestOf = ({ container, netns = container?.path }: Call): Netns | undefined =>
  netns && isNetns(netns) ? netnsAt(netns, netns) : undefined

/** Some tests give a file, what was a namespace, or one of another kind. */
const isNetns = (path: string) =>
  existsSync(path) && statfsSync(path).type === NSFS && !path.startsWith('/proc/self/')

/** NSFS_MAGIC of linux/magic.h. */
const NSFS = 0x6e736673

const compare = async (key: string, host: Pick<Netns, 'ok'>, call: Call) => {
  const guest = guestOf(call)
  const take = async (): Promise<States> => ({
    host: await impersonal(host, isOthers),
    ...(guest && { container: await impersonal(guest) }),
  })
  const state = await take()
  writeFileSync(fileOf(key, mine), JSON.stringify({ key, state }))
  const other = drivers.find(driver => driver !== mine)!
  if (!existsSync(fileOf(key, other))) return
  const { state: theirs }: { state: States } = JSON.parse(readFileSync(fileOf(key, other), 'utf8'))
  const lines: string[] = []
  for (const where of new Set([...Object.keys(theirs), ...Object.keys(state)])) {
    const again = async () => (await take())[where] ?? {}
    if (difference(theirs[where] ?? {}, state[where] ?? {}).length)
      lines.push(...(await settled(theirs[where] ?? {}, again)).map(line => `${where}: ${line}`))
  }
  if (lines.length) throw new Error(`${key}: by ${other} → by ${mine}\n${lines.join('\n')}`)
}

const fileOf = (key: string, driver: string) =>
  join(directory!, `${createHash('sha256').update(key).digest('hex').slice(0, 24)}.${driver}.json`)
