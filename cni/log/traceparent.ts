/** TRACEPARENT: the call that ours is a part of (W3C Trace Context, section 3.2 "Traceparent Header"). Pure. */

export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** The caller's span, 16 of them. */
  readonly parentId: string
}

/** @returns undefined for what is none: then the specification has us begin a trace of our own */
export const parseTraceParent = (text: string): TraceParent | undefined => {
  const [, version, traceId = '', parentId = '', rest] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(-.*)?$/.exec(text) ?? []
  // Later versions may say more behind the flags; ff is never one.
  if (!version || version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  return isNothing(traceId) || isNothing(parentId) ? undefined : { traceId, parentId }
}

const isNothing = (id: string) => /^0*$/.test(id)
