/**
 * The program for CNI calls, as QuickJS runs it. It is evaluated when the executable is built: all that is imported here lies
 * ready in its memory when a process begins (src/quickjs/host.c). Of the same sources as the whole one; what that has besides,
 * it does: the command line, other protocols, the journal.
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
import { parseAddress } from '../ipam/address.ts'
import { trace } from '../src/linux/trace.ts'
import { handOver, keepStdin } from '../src/quickjs/handover.ts'
import { host } from '../src/quickjs/host.ts'
import { begin } from '../src/quickjs/process.ts'
import { isStrictJson } from '../src/quickjs/strictjson.ts'
import { answerCall, readStdin } from './call.ts'
import { personalityOf } from './personality.ts'

parseAddress('::1') // ipaddr.js is evaluated for the first one

const main = async (): Promise<never> => {
  trace('started')
  return process.exit(await answerCall(personalityOf(process.argv0), read))
}

/** What is no JSON, or may be none, the whole program looks at: it can say where, and QuickJS takes more than there is in RFC 8259. */
const read = () => {
  const text = readStdin()
  keepStdin(text)
  if (text.trim() && !isStrictJson(text)) handOver()
  return text
}

host.start = (argv, environ) => {
  begin(argv, environ)
  main().catch(error => {
    process.stderr.write(`${error}\n${error.stack}`)
    process.exit(1)
  })
}
