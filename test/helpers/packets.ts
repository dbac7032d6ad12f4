import { setTimeout as sleep } from 'node:timers/promises'
import type { Netns } from './netns.ts'
import { start } from './service.ts'

/** Whether an answer came, with up to `count` tries of a second each. Ends with the first answer. */
export const pings = async (from: Pick<Netns, 'sh'>, to: string, count = 5): Promise<boolean> => {
  for (let attempt = 0; attempt < count; attempt++) {
    const { exitCode } = await from.sh('ping', ['-n', '-c1', '-W1', to])
    if (exitCode === 0) return true
    if (exitCode === 2) await sleep(100) // no route yet, address not ready
  }
  return false
}

/** Everything a TCP server at `to` says before it hangs up; undefined when it cannot be reached in `seconds`. */
export const connect = async (
  from: Pick<Netns, 'sh'>,
  to: string,
  port: number,
  seconds = 3,
): Promise<string | undefined> => {
  const script = 'exec 3<>"/dev/tcp/$0/$1" && cat <&3'
  const ran = await from.sh('timeout', [String(seconds), 'bash', '-c', script, to, String(port)])
  return ran.exitCode === 0 ? ran.stdout : undefined
}

export interface Listener {
  stop(): Promise<void>
}

const greet = `
const server = require('node:net').createServer(socket => {
  socket.on('error', () => {})
  socket.end((process.argv[2] || socket.remoteAddress.replace(/^::ffff:/, '')) + '\\n')
})
server.listen(+process.argv[1], '::', () => console.log('listening'))`

/** A TCP server on all addresses, v4 and v6, that says the peer's address, or `words`, and hangs up. */
export const listen = async (at: Netns, port: number, words = ''): Promise<Listener> => {
  const service = await start(at, process.execPath, ['-e', greet, String(port), words], /listening/)
  return { stop: async () => void (await service.stop()) }
}

/**
 * The source address that `outside` sees when `from` connects to it at `address`;
 * undefined when nothing arrives or no answer comes back.
 */
export const sourceSeenBy = async (
  outside: Netns,
  from: Pick<Netns, 'sh'>,
  address = '198.51.100.2',
): Promise<string | undefined> => {
  const listener = await listen(outside, 7007)
  try {
    return (await connect(from, address, 7007))?.trim()
  } finally {
    await listener.stop()
  }
}

export interface Capture {
  /** Waits, at most five seconds, until a line matches. */
  seen(wanted: RegExp): Promise<void>
  /** Ends the capture; what was seen, one decoded packet a line. */
  stop(): Promise<string[]>
}

/** Captures at an interface. The capture has begun when this returns. */
export const capture = async (at: Netns, ifname: string, filter = ''): Promise<Capture> => {
  const options = [
    '-l',
    '-n',
    '-e',
    '-U',
    '--immediate-mode',
    '-i',
    ifname,
    ...filter.split(' ').filter(Boolean),
  ]
  const service = await start(at, 'tcpdump', options, /listening on/)
  return {
    seen: async wanted => {
      for (let tries = 0; tries < 100 && !wanted.test(service.said()); tries++) await sleep(50)
    },
    stop: async () => {
      // A packet is seen a moment after it was answered.
      await sleep(50)
      return (await service.stop()).split('\n').filter(Boolean)
    },
  }
}
