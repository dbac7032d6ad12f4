import type { Machine } from '../helpers/machine.ts'
import type { Ran } from '../helpers/run.ts'
import { imageName } from './image.ts'

const socket = '/run/containerd/containerd.sock'
const config = `
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${socket}"
`

export interface Containerd {
  /** `ctr …` */
  ctr(...args: string[]): Promise<Ran>
  /** `ctr run --cni`, to its end. */
  run(name: string, ...command: string[]): Promise<Ran>
  /** Starts a container and returns when it sleeps: its address, and how to end it. */
  sleeper(name: string): Promise<{ address: string; end(): Promise<void> }>
  /** `ctr run --detach --cni`: nobody is left to call DEL. */
  detach(name: string): Promise<Ran>
}

/** Starts a containerd of its own on the machine, with the image. It ends with the machine. */
export const containerd = async (machine: Machine, archive: string): Promise<Containerd> => {
  machine.write('/etc/vwt/containerd.toml', config)
  const daemon = 'containerd --config /etc/vwt/containerd.toml >/run/containerd.log 2>&1 &'
  await machine.ok('sh', ['-c', `setsid ${daemon}`])
  const ctr = (...args: string[]) => machine.sh('ctr', ['-a', socket, ...args], { timeout: 60_000 })
  await until('containerd answers', async () => (await ctr('version')).exitCode === 0)
  const imported = await ctr('image', 'import', archive)
  if (imported.exitCode !== 0) throw new Error(`ctr image import: ${imported.stderr}`)

  const start = (name: string, options: string[], command: string[]) =>
    ctr('run', ...options, '--cni', '--cgroup', `${machine.cgroup}/${name}`, imageName, name, ...command)
  return {
    ctr,
    run: (name, ...command) => start(name, ['--rm'], command),
    detach: name => start(name, ['--detach'], ['sleep', '600']),
    sleeper: async name => {
      const whole = start(name, ['--rm'], ['sleep', '600'])
      const address = await until('the container has an address', async () => {
        const shown = await ctr('task', 'exec', '--exec-id', 'look', name, 'ip', '-4', 'addr', 'show', 'eth0')
        return /inet ([\d.]+)/.exec(shown.stdout)?.[1]
      })
      const end = async () => {
        await ctr('task', 'kill', '-s', 'KILL', name)
        await whole
      }
      return { address, end }
    },
  }
}

const until = async <T>(what: string, probe: () => Promise<T | false | undefined>): Promise<T> => {
  const deadline = Date.now() + 20_000
  for (;;) {
    const found = await probe()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
