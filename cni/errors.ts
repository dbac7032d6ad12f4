/**
 * The one kind of error that leaves the process, and the one table of its codes.
 *
 * Everybody may import this file: it is the vocabulary in which every layer refuses.
 */

/** Codes 1-99 are the CNI specification's (section "Error"), 100 and up are ours. */
export const codes = {
  incompatibleVersion: 1, // cniVersion or verb not supported
  unsupportedField: 2, // a field or value we do not take; details name key and value
  unknownContainer: 3,
  badEnvironment: 4, // a CNI_* variable is missing or wrong
  io: 5, // reading or writing failed, state included
  decode: 6, // stdin or a delegate's answer is not JSON
  badConfig: 7,
  badNetns: 8, // missing, no network namespace, or our own
  tryAgain: 11, // something is busy; the same call may work later
  notReady: 50, // STATUS: cannot serve ADD
  limited: 51, // STATUS: cannot serve ADD, and existing containers may suffer
  command: 100, // ip, nft, iptables … said no
  poolExhausted: 101,
  addressTaken: 102, // a requested address is somebody else's
  nameTaken: 103, // the interface name exists in the container
  foreign: 104, // what stands under our name is not ours, or not what it must be
  bridgeFull: 105, // a Linux bridge takes 1,023 ports
  differs: 106, // CHECK: the machine is not as it was described
  toolMissing: 107, // ip, nft, iptables or a delegate plugin is not installed
  denied: 108, // not root, or a capability is missing
  several: 109, // DEL, GC: more than one thing failed; details list them
  portTaken: 110, // a port of the host is another container's, or a process of the host listens there
  internal: 199, // a fault of ours
} as const

export class CniError extends Error {
  override readonly name = 'CniError'

  /**
   * @param code one of `codes`
   * @param message one sentence: what, where, which value
   * @param details what to do about it, or the tool's own words
   */
  constructor(
    readonly code: number,
    message: string,
    public details = '',
  ) {
    super(message)
  }

  /** Adds what else went wrong because of it. */
  also(words: string) {
    this.details = [this.details, words].filter(Boolean).join('; ')
  }
}

/** Runs all `works`, also after one has failed; throws what failed, as one error. */
export const attemptAll = async (works: readonly (() => unknown)[]): Promise<void> => {
  const failures: unknown[] = []
  for (const work of works) {
    try {
      await work()
    } catch (failure) {
      failures.push(failure)
    }
  }
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) {
    const said = failures.map(failure => (failure instanceof Error ? failure.message : String(failure)))
    throw new CniError(codes.several, `${failures.length} steps failed`, said.join('; '))
  }
}
