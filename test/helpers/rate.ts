import type { Netns } from './netns.ts'
import { start } from './service.ts'

/** Counts what comes after the first `skip` milliseconds, in which a burst and the growth of TCP's window fall. */
const receive = `
const [port, skip] = process.argv.slice(1).map(Number)
require('node:net').createServer(socket => {
  const begin = process.hrtime.bigint() + BigInt(skip) * 1000000n
  let first, last, bytes = 0
  socket.on('error', () => {})
  socket.on('data', part => {
    const now = process.hrtime.bigint()
    if (now < begin) return
    if (first === undefined) first = now
    else bytes += part.length
    last = now
  })
  socket.on('close', () => console.log('bits per second: ' + (bytes * 8e9) / Number(last - first)))
}).listen(port, '::', () => console.log('listening'))`

const send = `
const [address, port, time] = process.argv.slice(1)
const socket = require('node:net').connect(+port, address)
const part = Buffer.alloc(65536)
const end = Date.now() + +time
const write = () => {
  while (Date.now() < end && socket.write(part));
  if (Date.now() >= end) socket.destroy()
}
socket.on('error', error => { console.error(error.message); process.exit(1) })
socket.on('connect', write)
socket.on('drain', write)
setTimeout(() => socket.destroy(), +time + 1000)`

const [SKIP, TIME] = [700, 3200] // milliseconds

/** Bits per second of data that come by TCP from one place to the other; 0 when nothing does. */
export const rateOf = async (from: Netns, to: Netns, address: string, port = 7200): Promise<number> => {
  const server = await start(to, process.execPath, ['-e', receive, String(port), String(SKIP)], /listening/)
  let said = ''
  try {
    await from.sh('timeout', ['20', process.execPath, '-e', send, address, String(port), String(TIME)])
    await new Promise(resolve => setTimeout(resolve, 500)) // what waits in the queue arrives
  } finally {
    said = await server.stop()
  }
  return Number(/bits per second: (\d+)/.exec(said)?.[1] ?? 0)
}
/**
 * What of a rate is left for data: of an Ethernet frame of 1,514 bytes TCP has 1,448 over IPv4, 1,428 over IPv6;
 * tc counts the whole frame.
 */
export const lowest = (rate: number) => 0.9 * rate
export const highest = (rate: number) => 1.02 * rate
