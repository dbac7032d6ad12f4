/** Paths of network namespaces (network_namespaces(7), namespaces(7)). */

import { statSync } from 'node:fs'
import { CniError, codes } from '../../cni/errors.ts'

const OURS = '/proc/self/ns/net'

const statIfThere = (path: string) => {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/**
 * The inode number of the namespace a path leads to.
 * @throws CniError(badNetns) if it is missing, no namespace, or our own while that is not allowed
 */
export const netnsInode = async (path: string, mayBeOurs: boolean): Promise<number> => {
  const [found, ours] = [statIfThere(path), statSync(OURS)]
  const refuse = (what: string, remedy: string) =>
    new CniError(codes.badNetns, `CNI_NETNS '${path}' ${what}`, remedy)
  if (!found)
    throw refuse('does not exist', 'create it (ip netns add NAME makes /run/netns/NAME), or correct the path')
  // All namespaces live on one file system of the kernel.
  if (found.dev !== ours.dev)
    throw refuse('is no network namespace', 'give the path of one, as /run/netns/NAME or /proc/PID/ns/net')
  if (found.ino === ours.ino && !mayBeOurs)
    throw refuse('is the namespace of the plugin itself', "give the container's, or set CNI_NETNS_OVERRIDE=1")
  return found.ino
}

/** As `netnsInode`, where it may be gone: undefined for that, and for what is no namespace. */
export const netnsInodeIfThere = async (path: string): Promise<number | undefined> => {
  const [found, ours] = [statIfThere(path), statSync(OURS)]
  return found?.dev === ours.dev ? found.ino : undefined
}

/** The path, if a namespace other than our own is there. */
export const netnsIfThere = async (path: string): Promise<`/${string}` | undefined> => {
  const [found, ours] = [await netnsInodeIfThere(path), statSync(OURS)]
  return found === undefined || found === ours.ino ? undefined : (path as `/${string}`)
}
