/** The one door to other programs. Nothing is ever given to a shell. */

import { accessSync, constants } from 'node:fs'
import { CniError, codes } from '../../cni/errors.ts'
import { HOST, type Netns } from '../plan/netns.ts'

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface How {
  readonly netns?: Netns
  readonly input?: string
  readonly env?: Record<string, string | undefined>
  /** Seconds; the program is killed after that. */
  readonly timeout?: number
}

/** Runtimes start plugins with any PATH, or none, in any directory: nothing is run from there. */
const directories = () =>
  [process.env.PATH ?? '', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
    .flatMap(path => path.split(':'))
    .filter(directory => directory.startsWith('/'))

/**
 * Runs a program to its end, in a network namespace by nsenter(1): `ip -n` takes names only.
 * @throws CniError(toolMissing) if it is not installed, CniError(tryAgain) if it takes too long
 */
export const run = async (tool: string, args: readonly string[], how: How = {}): Promise<Ran> => {
  const { netns = HOST, input, env, timeout = 60 } = how
  const [file, words] = netns === HOST ? [tool, args] : ['nsenter', [`--net=${netns}`, '--', tool, ...args]]
  const path = file.startsWith('/') ? file : programIn(directories(), file)
  if (!path) throw new CniError(codes.toolMissing, `'${file}' is not installed`, remedy(file))
  const result = await start(path, words, {
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
    env: environment(env),
    timeout: timeout * 1000,
  })
  if (result.signal && !result.timedOut)
    throw new CniError(
      codes.command,
      `'${tool}' was killed by ${result.signal}`,
      'see who did that, and try again',
    )
  if (result.timedOut)
    throw new CniError(
      codes.tryAgain,
      `'${tool}' did not end within ${timeout} s`,
      'see what blocks it, then try again',
    )
  if (result.exitCode === undefined || isMissing(result, file, tool)) {
    const missing = result.exitCode === undefined ? file : tool
    if (result.cause && (result.cause as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new CniError(codes.command, `cannot run '${missing}': ${(result.cause as Error).message}`)
    throw new CniError(codes.toolMissing, `'${missing}' is not installed`, remedy(missing))
  }
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr }
}

/** What a program is started with. */
export const environment = (env: Record<string, string | undefined> = process.env) => ({
  ...env,
  PATH: directories().join(':'),
  LC_ALL: 'C',
})

interface Options {
  readonly stdin?: 'ignore'
  readonly input?: string
  readonly env: Record<string, string | undefined>
  /** Milliseconds. */
  readonly timeout: number
}

/** One program at a time: what could run side by side takes less than what execa spends on its streams, 2 ms a call. */
const start = async (file: string, words: readonly string[], options: Options) => {
  // Late, for it takes longer to load than all of ours, and not every verb needs it.
  // biome-ignore lint/style/noRestrictedImports: this is the one door
  const { execaSync } = await import('execa')
  try {
    return execaSync(file, words, { ...options, extendEnv: false, reject: false, stripFinalNewline: false })
  } catch (error) {
    // It throws, also with `reject: false`, where the kernel does not know the file's format.
    const reason = error instanceof Error ? error.message : error
    throw new CniError(
      codes.command,
      `cannot run '${file}': ${reason}`,
      'see whether it is a program for this machine',
    )
  }
}

/** Where a tool is; undefined if it is not installed. */
export const findTool = async (tool: string): Promise<string | undefined> => programIn(directories(), tool)

/** The first of the directories' that may be run. */
export const programIn = (directories: readonly string[], name: string): string | undefined =>
  directories.map(directory => `${directory}/${name}`).find(isProgram)

const isProgram = (file: string) => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @throws CniError(toolMissing) */
export const requireTool = async (tool: string) => {
  if (!(await findTool(tool)))
    throw new CniError(codes.toolMissing, `'${tool}' is not installed`, remedy(tool))
}

/** nsenter could not find the program. */
const isMissing = (ran: { exitCode?: number; stderr: string }, file: string, tool: string) =>
  file === 'nsenter' && ran.exitCode === 127 && ran.stderr.includes(`failed to execute ${tool}`)

const remedy = (tool: string) => {
  const packages: Record<string, string> = {
    ip: 'iproute2',
    bridge: 'iproute2',
    tc: 'iproute2',
    nft: 'nftables',
    iptables: 'iptables',
    ip6tables: 'iptables',
    'firewall-cmd': 'firewalld',
    nsenter: 'util-linux',
    conntrack: 'conntrack',
    ethtool: 'ethtool',
  }
  const name = packages[tool.replace(/(-nft|-legacy)?-(save|restore)$/, '')]
  return name
    ? `install it (Debian: apt-get install ${name}) or add its directory to PATH`
    : 'add its directory to PATH'
}
