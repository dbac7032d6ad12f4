import { setTimeout as sleep } from 'node:timers/promises'
import type { Netns } from './netns.ts'
import { start } from './service.ts'

const receive = `
require('node:net').createServer(socket => socket.on('error', () => {}).resume())
  .listen(+process.argv[1], '::', () => console.log('listening'))`

const send = `
const socket = require('node:net').connect(+process.argv[2], process.argv[1])
const part = Buffer.alloc(65536)
const write = () => { while (socket.write(part)); }
socket.on('error', error => { console.error(error.message); process.exit(1) })
socket.on('connect', write)
socket.on('drain', write)`

/** Milliseconds: a burst and the growth of TCP's window come first, then it is measured. */
const [SKIP, TIME] = [800, 2500]

/**
 * Bits per second that come by TCP to the eth0 of a place from another one; 0 when nothing does. The kernel counts
 * them, for a program on a busy machine hears late what has arrived.
 */
export const rateOf = async (from: Netns, to: Netns, address: string, port = 7200): Promise<number> => {
  const server = await start(to, process.execPath, ['-e', receive, String(port)], /listening/)
  const sending = from.sh('timeout', ['4', process.execPath, '-e', send, address, String(port)])
  try {
    await sleep(SKIP)
    const [first, last] = [await received(to), await sleep(TIME).then(() => received(to))]
    return ((last.bytes - first.bytes) * 8) / (last.time - first.time)
  } finally {
    await sending
    await server.stop()
  }
}

/** Bytes, and seconds. */
const received = async (at: Netns) => {
  const [link] = await at.ip('-s link show dev eth0')
  return { bytes: link.stats64.rx.bytes as number, time: performance.now() / 1000 }
}

/** Of frames that come in one piece (GSO) the kernel counts one header here, and tc all: some 4 % less. */
export const lowest = (rate: number) => 0.9 * rate
export const highest = (rate: number) => 1.02 * rate
