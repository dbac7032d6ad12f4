/** A command that did what it was asked, and found something: its exit status is 1, and its output has said why. */

import { CniError, codes } from '../../cni/errors.ts'

export class AlreadySaid extends CniError {
  constructor() {
    super(codes.differs, 'see its output')
  }
}
