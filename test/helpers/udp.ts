import type { Netns } from './netns.ts'
import type { Listener } from './packets.ts'
import { start } from './service.ts'

const echo = `
for (const type of ['udp4', 'udp6']) {
  const socket = require('node:dgram').createSocket({ type, ipv6Only: type === 'udp6' })
  socket.on('message', (text, { port, address }) => socket.send('you said ' + text, port, address))
  socket.bind(+process.argv[1], () => console.log(type))
}`

/** Answers every datagram to a port, by IPv4 and IPv6. */
export const answerUdp = async (at: Netns, port: number): Promise<Listener> => {
  const service = await start(at, process.execPath, ['-e', echo, String(port)], /udp[46]\nudp[46]/)
  return { stop: async () => void (await service.stop()) }
}

const ask = `
const [address, port, from] = process.argv.slice(1)
const socket = require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4')
const say = () => socket.send('hello', +port, address)
socket.on('message', text => { console.log(String(text)); process.exit(0) })
socket.bind(+from, () => { say(); setInterval(say, 200); setTimeout(() => process.exit(1), 2000) })`

/** What comes back from a UDP port within two seconds; undefined if nothing does. `from`: the port to ask from, 0 for any. */
export const askUdp = async (
  at: Pick<Netns, 'sh'>,
  address: string,
  port: number,
  from = 0,
): Promise<string | undefined> => {
  const ran = await at.sh(process.execPath, ['-e', ask, address, String(port), String(from)])
  return ran.exitCode === 0 ? ran.stdout.trim() : undefined
}
