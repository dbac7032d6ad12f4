import { expect, test } from '@jest/globals'
import { parseTraceParent } from '../../../../cni/log/traceparent.ts'

// The specification's own example, and what it says must not be taken.
const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'

test.each([
  [`00-${traceId}-${parentId}-01`],
  [`00-${traceId}-${parentId}-00`],
  [`00-${traceId}-${parentId}-fe`],
  [`01-${traceId}-${parentId}-01`],
  [`cc-${traceId}-${parentId}-01-what-the-future-will-be-like`],
])('%s', text => expect(parseTraceParent(text)).toEqual({ traceId, parentId }))

test.each([
  [''],
  ['nonsense'],
  [`00-${traceId}-${parentId}`],
  [`00-${traceId}-${parentId}-01-more`],
  [`00-${traceId}-${parentId}-01-`],
  [`01-${traceId}-${parentId}-01more`],
  [`ff-${traceId}-${parentId}-01`],
  [`0-${traceId}-${parentId}-01`],
  [`00-${'0'.repeat(32)}-${parentId}-01`],
  [`00-${traceId}-${'0'.repeat(16)}-01`],
  [`00-${traceId.toUpperCase()}-${parentId}-01`],
  [`00-${traceId.slice(1)}-${parentId}-01`],
  [`00-${traceId}-${parentId.slice(1)}-01`],
  [`00-${traceId}-${parentId}-0x`],
  [` 00-${traceId}-${parentId}-01`],
  [`00-${traceId}-${parentId}-01\n`],
])('not %j', text => expect(parseTraceParent(text)).toBeUndefined())
