import { expect, test } from '@jest/globals'
import { draw, timelinesOf } from '../../../src/cli/timeline.ts'

const lines = (...all: object[]) => all.map(one => JSON.stringify(one)).join('\n')
const head = { verb: 'ADD', network: 'web', containerId: '3f2a9c1d0b7e55', ifName: 'eth0', spanId: 'a' }

const traced = lines(
  { step: 'started', ms: 10 },
  { step: 'leased', ms: 10.001 },
  { step: 'answered', ms: 40 },
)

test('VETHWORK_TRACE: milliseconds since the process began', () =>
  expect(timelinesOf(`vethwork: a warning\n${traced}\n{"ms":1}\n[1]\n`)).toEqual([
    {
      title: '',
      steps: [
        { step: 'started', from: 0, ms: 10 },
        { step: 'leased', from: 10, ms: expect.closeTo(0.001) },
        { step: 'answered', from: 10.001, ms: expect.closeTo(29.999) },
      ],
      total: 40,
    },
  ]))

test('two processes one behind the other', () =>
  expect(timelinesOf(`${traced}\n${traced}`).map(({ total }) => total)).toEqual([40, 40]))

test('a log: how long each took, by calls, whichever is between', () => {
  const calls = timelinesOf(
    lines(
      { ...head, step: 'configured', ms: 20 },
      {
        ...head,
        spanId: 'b',
        verb: 'GC',
        containerId: undefined,
        ifName: undefined,
        step: 'observed',
        ms: 7,
      },
      { ...head, warning: 'a firewall' },
      { ...head, step: 'leased', ms: 5 },
      { ...head, outcome: 'failed', error: 'no address', ms: 30 },
    ),
  )
  expect(calls).toEqual([
    {
      title: 'ADD web 3f2a9c1d0b7e eth0: no address',
      steps: [
        { step: 'configured', from: 0, ms: 20 },
        { step: 'leased', from: 20, ms: 5 },
        { step: 'the rest', from: 25, ms: 5 },
      ],
      total: 30,
    },
    { title: 'GC web', steps: [{ step: 'observed', from: 0, ms: 7 }], total: 7 },
  ])
})

test('nothing', () => expect(timelinesOf('hello\n\n{"step":"x"}')).toEqual([]))

test('drawn: bars one behind the other, a mark for the shortest', () =>
  expect(draw(timelinesOf(traced)[0]!)).toBe(
    [
      `started                                  10.00  ${'█'.repeat(8)}`,
      `leased                                    0.00  ${' '.repeat(8)}▏`,
      `answered                                 30.00  ${' '.repeat(8)}${'█'.repeat(24)}`,
      'in all                                   40.00',
    ].join('\n'),
  ))

test('long words are cut, and 80 columns are enough, also for what takes no time at all', () => {
  const long = { ...head, step: 'create the bridge br-web; '.repeat(9), ms: 0 }
  const [call] = timelinesOf(lines(long, { ...head, outcome: 'done', ms: 123456.789 }))
  for (const drawn of [draw(call!), draw({ title: 'x'.repeat(99), steps: call!.steps, total: 0 })])
    for (const line of drawn.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})
