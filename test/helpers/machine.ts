import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Host, testHost } from './host.ts'
import { installPlugins } from './plugins.ts'
import { kill } from './residents.ts'
import { must, type Ran, type RunOptions, run } from './run.ts'

/**
 * A host that runs a container runtime: besides its network it has mounts and processes of its own, so that
 * /run, /var/lib, /etc and /opt are private and everything a runtime starts ends with `dispose`.
 */
export interface Machine extends Omit<Host, 'sh' | 'ok'> {
  /** Inside its network, its mounts and its processes; the network alone is at `network`. */
  sh(file: string, args?: readonly string[], options?: RunOptions): Promise<Ran>
  ok(file: string, args?: readonly string[], options?: RunOptions): Promise<string>
  readonly network: Host
  /** The path from here of a path there. */
  there(path: string): string
  write(path: string, content: string | object): void
  /** A cgroup path for its containers; removed with it. */
  readonly cgroup: string
}

const pluginDir = '/opt/cni/bin'

// Nothing below the first line can touch the machine that the tests run on. `wait` reaps orphans, as pid 1 must.
const boot = `
mount --make-rprivate /
cp -a /etc "$1"
mount --bind "$1/etc" /etc
for place in /run /var/lib /opt /var/tmp; do mount -t tmpfs tmpfs $place; done
mkdir -p ${pluginDir} /run/lock /run/netns /var/lib/cni /etc/cni/net.d
rm -f /etc/cni/net.d/*
cp -a "$1/bin/." ${pluginDir}
echo ready
sleep infinity & wait`

/** @param called names by which the executable is installed */
export const testMachine = async (called?: string[]): Promise<Machine> => {
  const host = await testHost()
  try {
    return await booted(host, called)
  } catch (error) {
    await host.dispose()
    throw error
  }
}

const booted = async (host: Host, called?: string[]): Promise<Machine> => {
  const parts = join(host.directory, 'machine')
  mkdirSync(parts)
  installPlugins(join(parts, 'bin'), called)
  const pid = await started(host)

  const inside = (args: readonly string[]) => ['-t', String(pid), '-m', '-p', '-n', '--', ...args]
  const cgroup = `/${basename(host.directory)}`
  const there = (path: string) => `/proc/${pid}/root${path}`
  return {
    ...host,
    network: host,
    cgroup,
    stateDir: '/var/lib/vethwork',
    there,
    sh: (file, args = [], options) => run('nsenter', inside([file, ...args]), options),
    ok: async (file, args = [], options) => (await must('nsenter', inside([file, ...args]), options)).stdout,
    write: (path, content) => {
      mkdirSync(there(join(path, '..')), { recursive: true })
      writeFileSync(there(path), typeof content === 'string' ? content : JSON.stringify(content, null, 2))
    },
    dispose: async () => {
      kill(pid) // pid 1 there: the kernel ends all others
      await host.dispose()
      await removeCgroups(cgroup)
    },
  }
}

/** Boots it and returns its first process, seen from here. */
const started = (host: Host): Promise<number> =>
  new Promise((resolve, reject) => {
    const own = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    const child = spawn(
      'nsenter',
      [
        `--net=${host.path}`,
        '--',
        'unshare',
        ...own,
        'sh',
        '-ec',
        boot,
        'sh',
        join(host.directory, 'machine'),
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let said = ''
    child.stderr.on('data', chunk => (said += chunk))
    child.on('close', code => reject(new Error(`the machine ended with ${code}\n${said}`)))
    child.stdout.once('data', () => resolve(firstChild(child.pid!)))
  })

const firstChild = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])

/** Deepest first; a cgroup is busy for a moment after its last process. */
const removeCgroups = async (path: string): Promise<void> => {
  for (const hierarchy of readdirSync('/sys/fs/cgroup', { withFileTypes: true })) {
    const top = join('/sys/fs/cgroup', hierarchy.isDirectory() ? hierarchy.name : '.', path)
    for (let attempt = 0; existsSync(top) && attempt < 50; attempt++) {
      try {
        removeEmpty(top)
      } catch {
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    }
  }
}

const removeEmpty = (directory: string): void => {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) removeEmpty(join(directory, entry.name))
  rmdirSync(directory)
}
