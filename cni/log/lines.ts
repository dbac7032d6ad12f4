/** What a line of the log says. Pure: clocks and files are others'. */

import { command, words } from '../../src/plan/explain.ts'
import type { Op } from '../../src/plan/kinds/index.ts'
import { CniError, codes } from '../errors.ts'
import type { Request } from '../request.ts'
import { type Level, levels } from '../schema/logging.ts'

/** Whether a log of level `limit` has lines of `level`. */
export const has = (limit: Level, level: Level) => levels.indexOf(level) <= levels.indexOf(limit)

/** What all lines of one call share. */
export interface Head {
  readonly verb: string
  readonly network?: string
  readonly containerId?: string
  readonly ifName?: string
  /** As what we were called. */
  readonly plugin: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId?: string
}

export const headOf = (
  { verb, containerId, ifname }: Request,
  network: unknown,
  plugin: string,
  span: Pick<Head, 'traceId' | 'spanId' | 'parentId'>,
): Head => ({
  verb,
  ...(typeof network === 'string' ? { network } : {}),
  // STATUS and GC are of no container, whatever the environment says.
  ...(['ADD', 'DEL', 'CHECK'].includes(verb) ? { containerId, ifName: ifname } : {}),
  plugin,
  ...span,
})

/** @param ops of a batch: its step is what they do; in a log of level debug their commands stand beside it */
export const stepOf = (name: string, ops: readonly Op[], limit: Level) => ({
  step: ops.length ? ops.map(words).join('; ') : name,
  ...(ops.length && limit === 'debug' ? { commands: ops.map(command) } : {}),
})

/** What the runtime was told. */
export const outcomeOf = (failure: unknown) => {
  if (failure === undefined) return { outcome: 'done' }
  if (!(failure instanceof CniError))
    return { outcome: 'failed', code: codes.internal, error: `unexpected: ${messageOf(failure)}` }
  const { code, message, details } = failure
  return { outcome: 'failed', code, error: message, ...(details ? { details } : {}) }
}

const messageOf = (failure: unknown) => (failure instanceof Error ? failure.message : String(failure))

/** Milliseconds, to the microsecond. */
export const rounded = (ms: number) => Math.round(ms * 1000) / 1000
