/** install and uninstall: the same twice is once, and what people changed stays theirs. */

import { existsSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { attemptAll, CniError, codes } from '../../../cni/errors.ts'
import { bringBack, digestAt, digestOf, makeDirectories, put, setAside } from './files.ts'
import { type Installed, readManifest, writeManifest } from './manifest.ts'
import type { Item } from './parcel.ts'

export interface Done {
  readonly path: string
  readonly did: 'installed' | 'replaced' | 'unchanged' | 'removed' | 'brought back' | 'left'
  /** Why it was left. */
  readonly because?: string
}

/**
 * @param root a directory that stands for /
 * @throws CniError(foreign) where something of somebody else stands, before anything is written
 */
export const install = (items: readonly Item[], root: string, dryRun: boolean): Done[] => {
  const before = readManifest()
  const known = new Map(before.items.map(one => [one.path, one]))
  const wanted = items.map(item => {
    const path = `${root}${item.path}`
    const [digest, found, last] = [digestOf(item), digestAt(path), known.get(path)]
    return { item, path, digest, found, last, isOurs: found === undefined || found === last?.digest }
  })
  const edited = wanted.filter(
    ({ item, isOurs, digest, found }) => item.kind === 'text' && !isOurs && digest !== found,
  )
  refuseOthers(edited.filter(({ last }) => !last).map(({ path }) => path))
  let { directories } = before
  return wanted.map(({ item, path, digest, found, last, isOurs }): Done => {
    // Also what somebody put there by hand: it stays theirs.
    if (found === digest) return { path, did: 'unchanged' }
    if (item.kind === 'text' && !isOurs) return { path, did: 'left', because: 'it was edited since' }
    const did = found === undefined ? 'installed' : 'replaced'
    if (dryRun) return { path, did }
    directories = [...new Set([...directories, ...makeDirectories(dirname(path))])]
    // A plugin of the same name comes back with uninstall.
    const aside = isOurs || item.kind === 'text' ? last?.aside : asideOf(path)
    if (aside && aside !== last?.aside) setAside(path, aside)
    known.set(path, { path, kind: item.kind, digest, ...(aside ? { aside } : {}) })
    // Recorded before it is done: what was not done, uninstall passes by.
    writeManifest({ items: [...known.values()], directories })
    put(item, path)
    return { path, did }
  })
}

const asideOf = (path: string) => `${dirname(path)}/.${basename(path)}.before-vethwork`

const refuseOthers = (paths: readonly string[]) => {
  if (paths.length)
    throw new CniError(
      codes.foreign,
      `${paths.join(', ')} is there already, and not of vethwork`,
      'move it away, or leave out what asks for it',
    )
}

/** @throws CniError, after everything was tried */
export const uninstall = async (dryRun: boolean): Promise<Done[]> => {
  const { items, directories } = readManifest()
  const done: Done[] = []
  const kept: Installed[] = []
  await attemptAll(
    items.toReversed().map(one => () => {
      try {
        done.push(takeAway(one, dryRun))
      } catch (failure) {
        kept.push(one)
        throw failure
      }
    }),
  ).finally(() => {
    if (dryRun) return
    const left = directories.toReversed().filter(path => !removeEmpty(path))
    writeManifest({ items: kept.toReversed(), directories: left.toReversed() })
  })
  return done
}

const takeAway = ({ path, digest, aside }: Installed, dryRun: boolean): Done => {
  const found = digestAt(path)
  if (found === undefined && !aside) return { path, did: 'left', because: 'it is gone already' }
  if (found !== undefined && found !== digest) return { path, did: 'left', because: 'it was changed since' }
  if (aside && existsSync(aside)) {
    if (!dryRun) bringBack(aside, path)
    return { path, did: 'brought back' }
  }
  if (!dryRun) rmSync(path, { force: true })
  return { path, did: 'removed' }
}

const removeEmpty = (path: string): boolean => {
  try {
    rmdirSync(path)
    return true
  } catch {
    return !existsSync(path)
  }
}
