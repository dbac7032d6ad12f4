import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@jest/globals'
import type { Netns } from './netns.ts'
import { pings } from './packets.ts'
import { start } from './service.ts'

const receive = `
require('node:net').createServer(socket => socket.on('error', () => {}).resume())
  .listen(+process.argv[1], '::', () => console.log('listening'))`

const send = `
const socket = require('node:net').connect(+process.argv[2], process.argv[1])
const part = Buffer.alloc(65536)
const write = () => { while (socket.write(part)); }
socket.on('error', error => { console.error(error.message); process.exit(1) })
socket.on('connect', () => { console.log('connected'); write() })
socket.on('drain', write)`

/** Milliseconds: a burst and the growth of TCP's window come first, then it is measured. */
const [SKIP, TIME] = [800, 2500]

/** Bytes that may pass at once after a silence, at the least: of a slow beginning some are left. */
const BURST = 80 << 10

/** Bits per second: it was no less and no more, for asking takes a busy machine long. */
export interface Rate {
  readonly least: number
  readonly most: number
}

/**
 * What comes by TCP to an interface of a place from another one. The kernel counts it, for a program on a busy machine
 * hears late what has arrived.
 */
const rateOf = async (from: Netns, to: Netns, address: string, dev = 'eth0'): Promise<Rate> => {
  const server = await start(to, process.execPath, ['-e', receive, PORT], /listening/)
  const sending = await start(from, process.execPath, ['-e', send, address, PORT], /connected/)
  try {
    await sleep(SKIP)
    const [first, last] = [await received(to, dev), await sleep(TIME).then(() => received(to, dev))]
    const bits = (last.bytes - first.bytes) * 8
    return { least: bits / (last.after - first.before), most: bits / (last.before - first.after) }
  } finally {
    await sending.stop()
    await server.stop()
  }
}

const PORT = '7200'

/** Bytes, counted at some time between two, in seconds. */
const received = async (at: Netns, dev: string) => {
  const now = () => performance.now() / 1000
  const before = now()
  const [link] = await at.ip(`-s link show dev ${dev}`)
  return { bytes: link.stats64.rx.bytes as number, before, after: now() }
}

/** Nothing holds back what a busy machine sends, in the best of three tries. */
export const expectMore = async (rate: number, ...way: Parameters<typeof rateOf>) => {
  expect(await pings(way[0], way[2])).toBe(true)
  let measured = 0
  for (let tries = 0; tries < 3 && measured <= rate; tries++) measured = (await rateOf(...way)).most
  expect(measured).toBeGreaterThan(rate)
}

/**
 * A busy machine may send less, so it has three tries; more than the rate is never right. Of frames that come in one
 * piece (GSO) the kernel counts one header here, and tc all: some 4 % less.
 */
export const expectRate = async (rate: number, ...way: Parameters<typeof rateOf>) => {
  expect(await pings(way[0], way[2])).toBe(true)
  const measured: Rate[] = []
  do measured.push(await rateOf(...way))
  while (measured.length < 3 && measured.at(-1)!.most < 0.9 * rate)
  expect(Math.max(...measured.map(({ least }) => least))).toBeLessThan(
    1.02 * rate + (8 * BURST) / (TIME / 1000),
  )
  expect(measured.at(-1)!.most).toBeGreaterThan(0.9 * rate)
}
