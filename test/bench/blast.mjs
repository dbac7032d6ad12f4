// TCP from one container to another: blast.mjs server ADDRESS, or blast.mjs client ADDRESS; the client prints
// {"gbits", "micros"}: throughput, and the median round trip of one byte.
import { connect, createServer } from 'node:net'

const PORT = 5000
const SECONDS = 0.35
const ROUND_TRIPS = 1000
const CHUNK = Buffer.alloc(256 * 1024)

const [role, host] = process.argv.slice(2)

/** The first byte says what is wanted: E, an echo of each byte; B, all there is, then how many bytes came. */
const serve = socket => {
  socket.setNoDelay(true)
  let echo
  let bytes = 0
  socket.on('data', data => {
    echo ??= data[0] === 'E'.charCodeAt(0)
    bytes += data.length
    if (echo) socket.write(data)
  })
  socket.on('end', () => socket.end(echo ? undefined : String(bytes)))
  socket.on('error', () => {})
}

const opened = () =>
  new Promise((resolve, reject) => {
    const socket = connect({ port: PORT, host, noDelay: true, allowHalfOpen: true })
    socket.on('connect', () => resolve(socket))
    socket.on('error', reject)
  })

const now = () => Number(process.hrtime.bigint()) / 1e3

const roundTrip = async () => {
  const socket = await opened()
  const times = []
  for (let n = 0; n < ROUND_TRIPS; n++) {
    const begun = now()
    socket.write('E')
    await new Promise(resolve => socket.once('data', resolve))
    times.push(now() - begun)
  }
  socket.end()
  return times.sort((a, b) => a - b)[ROUND_TRIPS / 2]
}

const throughput = async () => {
  const socket = await opened()
  let answer = ''
  socket.on('data', data => {
    answer += data
  })
  const ended = new Promise(resolve => socket.on('end', resolve))
  const begun = now()
  socket.write('B')
  while (now() - begun < SECONDS * 1e6)
    if (!socket.write(CHUNK)) await new Promise(resolve => socket.once('drain', resolve))
  socket.end()
  await ended
  return (Number(answer) * 8) / (now() - begun) / 1e3
}

if (role === 'server')
  createServer({ allowHalfOpen: true }, serve).listen(PORT, host, () => console.log('listening'))
else console.log(JSON.stringify({ micros: await roundTrip(), gbits: await throughput() }))
