import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwatch, watch } from './guard.ts'
import { addNetns, deleteNetns, type Netns } from './netns.ts'
import { killInside } from './residents.ts'

export interface Container extends Netns {
  /** 64 hexadecimal digits, as runtimes have them. */
  readonly id: string
}

/** A machine: a network namespace and a directory of its own. Everything of it goes with `dispose`. */
export interface Host extends Netns {
  /** A temporary directory, for what belongs to this host alone. */
  readonly directory: string
  /** vethwork's state (VETHWORK_STATE_DIR); not there until somebody makes it. */
  readonly stateDir: string
  container(): Promise<Container>
  containers(count: number): Promise<Container[]>
  /** A machine beyond this one, 198.51.100.2 and 2001:db8:51::2 on the host's eth0, with no route back. */
  outside(): Promise<Netns>
  /** Removes one of its namespaces before its time, as a killed container. */
  remove(netns: Netns): Promise<void>
  dispose(): Promise<void>
}

const newName = () => `vwt-${process.pid}-${randomBytes(4).toString('hex')}`

/** A new host: loopback up, forwarding off, nothing else. */
export const testHost = async (): Promise<Host> => {
  watch()
  const names: string[] = []
  const add = async (count: number) => {
    const added = Array.from({ length: count }, newName)
    names.push(...added)
    return addNetns(added)
  }
  const directory = mkdtempSync(join(tmpdir(), `${newName()}-`))
  const dispose = async () => {
    if (names.length === 0) return
    const gone = names.splice(0)
    killInside(gone.map(name => `/run/netns/${name}`))
    await deleteNetns(gone)
    rmSync(directory, { recursive: true, force: true })
    unwatch()
  }
  const containers = async (count: number) =>
    (await add(count)).map(netns => ({ ...netns, id: randomBytes(32).toString('hex') }))

  const self = (await add(1))[0]!
  await self.batch('link set lo up')
  // A new namespace inherits the forwarding of the machine it is made on.
  await self.ok('sh', ['-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward'])
  return {
    ...self,
    directory,
    stateDir: join(directory, 'state'),
    containers,
    container: async () => (await containers(1))[0]!,
    outside: async () => joined(self, (await add(1))[0]!),
    remove: async netns => {
      killInside([netns.path])
      await deleteNetns([netns.name])
    },
    dispose,
  }
}

const joined = async (host: Netns, outside: Netns): Promise<Netns> => {
  await host.batch(
    `link add eth0 type veth peer name eth0 netns ${outside.name}`,
    'addr add 198.51.100.1/24 dev eth0',
    'addr add 2001:db8:51::1/64 dev eth0 nodad',
    'link set eth0 up',
  )
  await outside.batch(
    'link set lo up',
    'addr add 198.51.100.2/24 dev eth0',
    'addr add 2001:db8:51::2/64 dev eth0 nodad',
    'link set eth0 up',
  )
  return outside
}
