/** Where the time of a call went, as bars. Pure. Lines are those of VETHWORK_TRACE=1, or of a log (`logFile`). */

import { isObject } from '../../cni/json.ts'
import { clip } from './boxes.ts'
import { shortId } from './words.ts'

/** One call, from the start of its process; milliseconds. */
export interface Timeline {
  /** `ADD web 3f2a9c1d0b7e eth0`, and the error if it failed; empty where the lines do not tell. */
  readonly title: string
  readonly steps: readonly { readonly step: string; readonly from: number; readonly ms: number }[]
  readonly total: number
}

interface Line {
  readonly step?: string
  readonly ms: number
  /** Of a log: `ms` is how long the step took, else how long ago the process began. */
  readonly spanId?: string
  readonly title: string
}

/** What is no such line is passed by: stderr holds other things, too. */
export const timelinesOf = (text: string): Timeline[] => {
  const calls = new Map<string, Line[]>()
  let traced = 0
  let before = Number.POSITIVE_INFINITY
  for (const line of text.split('\n').flatMap(lineOf)) {
    // A process that starts begins anew.
    if (line.spanId === undefined && line.ms < before) traced++
    if (line.spanId === undefined) before = line.ms
    const key = line.spanId ?? `trace ${traced}`
    calls.set(key, [...(calls.get(key) ?? []), line])
  }
  return [...calls.values()].map(timelineOf)
}

const lineOf = (text: string): Line[] => {
  try {
    const json: unknown = JSON.parse(text)
    if (!isObject(json) || typeof json.ms !== 'number') return []
    const { step, ms, spanId, outcome } = json
    if (typeof spanId !== 'string') return typeof step === 'string' ? [{ step, ms, title: '' }] : []
    const words = [json.verb, json.network, shortId(String(json.containerId ?? '')), json.ifName]
    const title = words.filter(Boolean).join(' ') + (json.error ? `: ${json.error}` : '')
    if (typeof step === 'string') return [{ step, ms, spanId, title }]
    return typeof outcome === 'string' ? [{ ms, spanId, title }] : []
  } catch {
    return []
  }
}

const timelineOf = (lines: readonly Line[]): Timeline => {
  let at = 0
  const steps = lines.flatMap(({ step, ms, spanId }) => {
    if (step === undefined) return []
    const one = spanId === undefined ? { step, from: at, ms: ms - at } : { step, from: at, ms }
    at = one.from + one.ms
    return [one]
  })
  const end = lines.find(({ step }) => step === undefined)
  const rest = end && end.ms > at ? [{ step: 'the rest', from: at, ms: end.ms - at }] : []
  return { title: lines.at(-1)?.title ?? '', steps: [...steps, ...rest], total: end?.ms ?? at }
}

const WORDS = 36
const NUMBER = 9
const BAR = 80 - WORDS - NUMBER - 3

/** At most 80 columns; what took hardly any time still has a mark. */
export const draw = ({ title, steps, total }: Timeline): string => {
  const cells = (ms: number) => (total ? Math.round((ms / total) * BAR) : 0)
  const rows = steps.map(({ step, from, ms }) => {
    const start = Math.min(cells(from), BAR - 1)
    const bar = '█'.repeat(Math.min(cells(ms), BAR - start)) || '▏'
    return row(step, ms, `${' '.repeat(start)}${bar}`)
  })
  return [...(title ? [clip(title, 80)] : []), ...rows, row('in all', total, '')].join('\n')
}

const row = (words: string, ms: number, bar: string) =>
  `${clip(words, WORDS).padEnd(WORDS)} ${ms.toFixed(2).padStart(NUMBER)}  ${bar}`.trimEnd()
