/** `logFile` of the configuration: a line of JSON for each step of a verb, and one for what became of it. */

import { openLogFile } from '../../src/linux/logfile.ts'
import { listen } from '../../src/linux/trace.ts'
import { isObject } from '../json.ts'
import type { Request } from '../request.ts'
import { isLogFile, JOURNALD, type Level, levels } from '../schema/logging.ts'
import { type Head, has, headOf, outcomeOf, rounded, stepOf } from './lines.ts'
import { parseTraceParent } from './traceparent.ts'

/** Runs a verb and tells the log about it. No fault of the log is one of the verb. */
export const logged = async <T>(
  request: Request,
  text: string,
  plugin: string,
  work: () => Promise<T>,
): Promise<T> => {
  const wish = wishOf(text)
  const write = wish && (await openLog(wish.logFile))
  if (!wish || !write) return work()
  const { limit } = wish
  const head = headOf(request, wish.network, plugin, span())
  const say = undisturbed((level, line) => {
    if (!has(limit, level)) return
    write(level, head, { time: new Date().toISOString(), level, ...head, ...line() })
  })
  let before = 0
  listen({
    step(name, ops) {
      const now = performance.now()
      const ms = rounded(now - before)
      say('info', () => ({ ...stepOf(name, ops, limit), ms }))
      before = now
    },
    warning: words => say('warn', () => ({ warning: words })),
  })
  const end = (failure?: unknown) => {
    listen(undefined)
    const ms = rounded(performance.now())
    say(failure === undefined ? 'info' : 'error', () => ({ ...outcomeOf(failure), ms }))
  }
  try {
    const answer = await work()
    end()
    return answer
  } catch (failure) {
    end(failure)
    throw failure
  }
}

interface Wish {
  readonly logFile: string
  readonly limit: Level
  readonly network: unknown
}

/** Read here, before the configuration is looked at: what is refused in it is logged, too. */
const wishOf = (text: string): Wish | undefined => {
  try {
    const json: unknown = JSON.parse(text)
    if (!isObject(json) || typeof json.logFile !== 'string' || !isLogFile(json.logFile)) return undefined
    const limit = levels.find(level => level === json.logLevel) ?? 'info'
    return { logFile: json.logFile, limit, network: json.name }
  } catch {
    return undefined
  }
}

/** @param line made only where it is wanted */
type Say = (level: Level, line: () => object) => void

type Write = (level: Level, head: Head, line: object) => void

/** @returns undefined where there can be none; then stderr has been told */
const openLog = async (logFile: string): Promise<Write | undefined> => {
  try {
    return await (logFile === JOURNALD ? journal() : file(logFile))
  } catch (failure) {
    complain(failure)
    return undefined
  }
}

const file = (path: string): Write => {
  const append = openLogFile(path)
  return (_, __, line) => append(JSON.stringify(line))
}

const journal = async (): Promise<Write> => {
  const { openJournal } = await import('../../src/linux/journal.ts')
  const entry = await openJournal()
  return (level, { verb, network = '', containerId = '' }, line) =>
    entry({
      MESSAGE: JSON.stringify(line),
      PRIORITY: PRIORITY[level],
      SYSLOG_IDENTIFIER: 'vethwork',
      VETHWORK_VERB: verb,
      VETHWORK_NETWORK: network,
      VETHWORK_CONTAINER_ID: containerId,
    })
}

/** syslog(3) */
const PRIORITY = { error: 3, warn: 4, info: 6, debug: 7 } as const

/** The first line that cannot be written is the last that is tried. */
const undisturbed = (say: Say): Say => {
  let isBroken = false
  return (level, line) => {
    if (isBroken) return
    try {
      say(level, line)
    } catch (failure) {
      isBroken = true
      complain(failure)
    }
  }
}

const complain = (failure: unknown) =>
  console.warn(`vethwork: there is no log: ${failure instanceof Error ? failure.message : failure}`)

/** This call, in the trace that it is a part of. */
const span = () => {
  const parent = parseTraceParent(process.env.TRACEPARENT ?? '')
  return { traceId: hex(16), ...parent, spanId: hex(8) }
}

/** Not by node:crypto, which would cost more to load than all else here. */
const hex = (bytes: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex')
