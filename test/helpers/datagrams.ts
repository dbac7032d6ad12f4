import type { Netns } from './netns.ts'
import type { Listener } from './packets.ts'
import { start } from './service.ts'

const answering = `
const [port, words] = process.argv.slice(1)
const socket = require('node:dgram').createSocket('udp6')
socket.on('message', (_, { address, port }) =>
  socket.send(words || address.replace(/^::ffff:/, ''), port, address))
socket.bind(+port, '::', () => console.log('listening'))`

/** A UDP server on all addresses, v4 and v6, that answers each datagram with the peer's address, or `words`. */
export const answerDatagrams = async (at: Netns, port: number, words = ''): Promise<Listener> => {
  const service = await start(at, process.execPath, ['-e', answering, String(port), words], /listening/)
  return { stop: async () => void (await service.stop()) }
}

const asking = `
const [to, port, source, seconds] = process.argv.slice(1)
const socket = require('node:dgram').createSocket(to.includes(':') ? 'udp6' : 'udp4')
const end = setTimeout(() => process.exit(1), seconds * 1000)
socket.on('message', words => { console.log(String(words)); process.exit(0) })
socket.on('error', () => {})
socket.bind(+source, () => {
  const ask = () => socket.send('hello', +port, to)
  ask()
  setInterval(ask, 200)
})`

/** The answer to datagrams to `to`, from one source port, or from any; undefined when none comes in `seconds`. */
export const askDatagram = async (
  from: Pick<Netns, 'sh'>,
  to: string,
  port: number,
  { source = 0, seconds = 2 }: { source?: number; seconds?: number } = {},
): Promise<string | undefined> => {
  const args = ['-e', asking, to, ...[port, source, seconds].map(String)]
  const ran = await from.sh(process.execPath, args)
  return ran.exitCode === 0 ? ran.stdout.trim() : undefined
}
