/** What a description will change of an interface that was there before it, as it was. Pure. */

import type { Desired } from './kinds/index.ts'
import { type Settings, settingsOf } from './kinds/linkwords.ts'
import type { Netns } from './netns.ts'
import { ABSENT, at, type Observed } from './observed.ts'

export interface Originals {
  readonly settings: Settings
  /** By path below /proc/sys. */
  readonly sysctls: Readonly<Record<string, string>>
}

/** Undefined if nothing of it will be changed. */
export const originalsOf = (
  desired: readonly Desired[],
  observed: Observed,
  netns: Netns,
  dev: string,
): Originals | undefined => {
  const link = observed.links.get(at(netns, dev))
  const mine = desired.filter(one => one.netns === netns)
  const wanted = mine.flatMap(one =>
    one.kind === 'link' && one.name === dev ? (Object.entries(one.settings) as Entry[]) : [],
  )
  const changed = link
    ? wanted.flatMap(([name, value]) => (value === undefined ? [] : [[name, settingsOf(link)[name]]]))
    : []
  const values = mine.flatMap(one => {
    const was =
      one.kind === 'sysctl' && one.dev === dev ? observed.sysctls.get(at(netns, one.key)) : undefined
    return one.kind === 'sysctl' && was !== undefined && was !== ABSENT ? [[one.key, was]] : []
  })
  if (!changed.length && !values.length) return undefined
  return { settings: Object.fromEntries(changed), sysctls: Object.fromEntries(values) }
}

type Entry = [keyof Settings, Settings[keyof Settings]]
