import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unwatch, watch } from './guard.ts'
import { newContainerId } from './ids.ts'
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
  /**
   * Removes one of its namespaces before its time, as a killed container; its cables are gone when this returns, which
   * the kernel takes away a moment after the namespace.
   */
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
    const all = names.splice(0)
    killInside(all.map(name => `/run/netns/${name}`))
    await deleteNetns(all)
    rmSync(directory, { recursive: true, force: true })
    unwatch()
  }
  const containers = async (count: number) => {
    const ids = Array.from({ length: count }, newContainerId)
    return (await add(count)).map((netns, n) => ({ ...netns, id: ids[n]! }))
  }

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
      const ends = await hostEnds(self, netns)
      killInside([netns.path])
      await deleteNetns([netns.name])
      await gone(self, ends)
    },
    dispose,
  }
}

interface Veth {
  readonly ifindex: number
  readonly link_index: number
}

const veths = async (netns: Netns): Promise<Veth[]> => {
  const { exitCode, stdout } = await netns.sh('ip', ['-j', 'link', 'show', 'type', 'veth'])
  return exitCode === 0 ? JSON.parse(stdout || '[]') : [] // a namespace that is gone has none
}

/** Interface indexes of the host's ends of what the other has. */
const hostEnds = async (host: Netns, other: Netns): Promise<Set<number>> => {
  const theirs = await veths(other)
  const ours = (await veths(host)).filter(({ ifindex, link_index }) =>
    theirs.some(end => end.link_index === ifindex && end.ifindex === link_index),
  )
  return new Set(ours.map(({ ifindex }) => ifindex))
}

/** Waits, at most ten seconds, until the host has none of these. */
const gone = async (host: Netns, ends: ReadonlySet<number>): Promise<void> => {
  const until = Date.now() + 10_000
  while (ends.size > 0 && (await veths(host)).some(({ ifindex }) => ends.has(ifindex))) {
    if (Date.now() > until)
      throw new Error(`${host.name} still has the cables of a namespace that was removed`)
    await sleep(20)
  }
}

const joined = async (host: Netns, outside: Netns): Promise<Netns> => {
  await host.batch(
    `link add eth0 address 02:00:00:00:51:01 type veth peer name eth0 address 02:00:00:00:51:02 netns ${outside.name}`,
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
