/** `vethwork man`: the manual page, of whichever commands there are. */

import type { CommandModule } from 'yargs'
import type { AnyCommand } from '../man/recorded.ts'
import { print } from '../terminal.ts'

/** @param commands asked for when it is run: this one is among them */
export const manual = (
  commands: () => readonly AnyCommand[],
  version: string,
  date: string,
): CommandModule => ({
  command: 'man',
  describe: 'print the manual page: every command, flag and field',
  builder: yargs => yargs.example('$0 man | man -l -', 'to read it'),
  async handler() {
    const { page } = await import('../man/page.ts')
    print(page(commands(), version, date).trimEnd())
  },
})
