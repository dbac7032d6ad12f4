/** What a message needs that an op does not say: an op has names, a message numbers. */

import type { Netns } from '../../../plan/netns.ts'

export interface Lookup {
  /** The number of an interface where the op is done. @throws MissingDevice */
  index(name: string): number
  /** A file descriptor of a namespace. @throws NetnsError */
  netns(path: Netns): number
}

export class MissingDevice extends Error {
  override readonly name = 'MissingDevice'

  constructor(name: string) {
    super(`Cannot find device "${name}"`)
  }
}
