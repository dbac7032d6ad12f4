/** What the filesystem says, as the one error that may leave the process. */
import { CniError, codes } from '../cni/errors.ts'

const reasons: Record<string, readonly [reason: string, remedy: string]> = {
  EROFS: ['the file system is read-only', 'put ipam.dataDir on a writable one'],
  ENOSPC: ['no space is left on the device', 'make room there, or move ipam.dataDir'],
  EDQUOT: ['the disk quota is used up', 'make room there, or move ipam.dataDir'],
  EACCES: ['permission denied', 'run as root'],
  EPERM: ['operation not permitted', 'run as root'],
  ENOENT: ['it does not exist', 'create it, or correct the path'],
  ENOTDIR: ['a part of the path is not a directory', 'move away what stands there'],
  EISDIR: ['it is a directory', 'move it away, or correct the path'],
  EEXIST: ['something else stands there', 'move it away'],
  ELOOP: ['a symbolic link stands in its place', 'remove the link: state is never followed through links'],
}

/** Not by `instanceof Error`: in jest, errors of Node's own modules are of another realm. */
export const errnoOf = (failure: unknown): string | undefined =>
  (failure as { code?: string } | undefined)?.code

/** @param action in English: `write`, `read`, `lock` */
export const ioError = (action: string, path: string, failure: unknown): CniError => {
  if (failure instanceof CniError) return failure
  const errno = errnoOf(failure) ?? ''
  const known = reasons[errno]
  const reason = known ? `${known[0]} (${errno})` : ((failure as Error).message ?? String(failure))
  return new CniError(codes.io, `cannot ${action} ${path}: ${reason}`, known?.[1])
}

/** Runs `work`, with its failures told as "cannot ‹action› ‹path›: …". */
export const telling = <T>(action: string, path: string, work: () => T): T => {
  try {
    return work()
  } catch (failure) {
    throw ioError(action, path, failure)
  }
}
