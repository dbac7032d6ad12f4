import { createHash } from 'node:crypto'
import type { Netns } from './netns.ts'
import { start } from './service.ts'

const receive = `
const { createHash } = require('node:crypto')
require('node:net').createServer(socket => {
  const hash = createHash('md5')
  socket.on('data', part => hash.update(part))
  socket.on('end', () => socket.end(hash.digest('hex')))
}).listen(+process.argv[1], '::', () => console.log('listening'))`

const send = `
const socket = require('node:net').connect(+process.argv[2], process.argv[1])
socket.on('error', error => { console.error(error.message); process.exit(1) })
const part = Buffer.alloc(1e6, 'vethwork')
for (let n = 0; n < 10; n++) socket.write(part)
socket.end()
socket.pipe(process.stdout)`

const whole = createHash('md5').update(Buffer.alloc(1e7, 'vethwork')).digest('hex')

export interface Transfer {
  /** 10 MB came as they were sent. */
  readonly whole: boolean
  /** Bytes of data in a segment: how many segments had how many. */
  readonly largest: number
  readonly error: string
}

/** 10 MB by TCP, each segment a packet of its own, so that their sizes can be seen where they arrive. */
export const transfer = async (from: Netns, to: Netns, address: string, port = 7100): Promise<Transfer> => {
  await from.batch('link set dev eth0 gso_max_segs 1')
  const server = await start(to, process.execPath, ['-e', receive, String(port)], /listening/)
  const options = ['-l', '-n', '-q', '-s', '96', '-B', '8192', '-i', 'eth0']
  const seen = await start(to, 'tcpdump', [...options, `tcp dst port ${port}`], /listening on/)
  try {
    const sent = await from.sh('timeout', ['60', process.execPath, '-e', send, address, String(port)])
    const lines = (await seen.stop()).split('\n')
    const sizes = lines.flatMap(line => /tcp (\d+)$/.exec(line)?.slice(1).map(Number) ?? [])
    return { whole: sent.stdout === whole, largest: Math.max(0, ...sizes), error: sent.stderr }
  } finally {
    await seen.stop()
    await server.stop()
    await from.batch('link set dev eth0 gso_max_segs 65535')
  }
}
