/** `vethwork trace-time`: draw where the time of a call went. */

import type { CommandModule } from 'yargs'
import { CniError, codes } from '../../../cni/errors.ts'
import { textOf } from '../confdir.ts'
import { show } from '../terminal.ts'
import { draw, timelinesOf } from '../timeline.ts'

interface Flags {
  file?: string
  json?: boolean
}

export const traceTime: CommandModule<object, Flags> = {
  command: 'trace-time [file]',
  describe: 'draw where the time of a call went: lines of VETHWORK_TRACE=1, or of a log',
  builder: yargs =>
    yargs
      .positional('file', { type: 'string', describe: 'a log, or what was on stderr; without it stdin' })
      .options({ json: { type: 'boolean', describe: 'as a JSON array of calls' } })
      .example('VETHWORK_TRACE=1 $0 ls 2>&1 >/dev/null | $0 trace-time', 'a command')
      .example('$0 trace-time /var/log/vethwork.log', 'every call of a log (logFile)'),
  handler({ file, json }) {
    const calls = timelinesOf(textOf(file ?? 0))
    if (!calls.length)
      throw new CniError(
        codes.decode,
        `${file ?? 'stdin'}: no line of it is of a trace or a log`,
        'set VETHWORK_TRACE=1 for the call and give its stderr, or give the file of logFile',
      )
    show(json, calls, () => calls.map(draw).join('\n\n'))
  },
}
