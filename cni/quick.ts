/**
 * The program for CNI calls, as QuickJS runs it. It is evaluated when the executable is built: all that is imported here lies
 * ready in its memory when a process begins (src/quickjs/host.c). Of the same sources as the whole one; what that has besides,
 * it does: programs that are started, the command line, other protocols.
 */

import '../src/quickjs/process.ts'
import './add.ts'
import './check.ts'
import './config.ts'
import './contradictions.ts'
import './del.ts'
import './gc.ts'
import './ipam-plugin.ts'
import './log/logged.ts'
import './status.ts'
import '../src/linux/netlink/flows.ts'
import '../src/linux/netlink/ops/rule.ts'
import '../src/linux/netlink/ops/tc.ts'
import '../src/linux/netlink/rules.ts'
import '../src/linux/queues.ts'
import '../ipam/resolvconf.ts'
import { handOver, keepStdin } from '../src/quickjs/handover.ts'
import { host } from '../src/quickjs/host.ts'
import { begin } from '../src/quickjs/process.ts'
import { answerCall, readStdin } from './call.ts'
import { personalityOf } from './personality.ts'

const main = async (): Promise<never> => {
  if (process.env.VETHWORK_NETLINK && process.env.VETHWORK_NETLINK !== 'netlink') handOver()
  const read = () => {
    const text = readStdin()
    keepStdin(text)
    return text
  }
  return process.exit(await answerCall(personalityOf(process.argv0), read))
}

host.start = (argv, environ) => {
  begin(argv, environ)
  main()
}
