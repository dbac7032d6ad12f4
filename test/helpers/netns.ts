import { must, type Ran, type RunOptions, run } from './run.ts'

/** A network namespace, and commands run inside it. */
export interface Netns {
  readonly name: string
  readonly path: string
  /** Runs a program inside; a failure is an exit code. */
  sh(file: string, args?: readonly string[], options?: RunOptions): Promise<Ran>
  /** Runs a program inside; a failure throws. Returns stdout. */
  ok(file: string, args?: readonly string[], options?: RunOptions): Promise<string>
  /** `ip -j …`, parsed: `ip('addr show eth0')`. */
  // biome-ignore lint/suspicious/noExplicitAny: what ip prints has no type; tests pick what they look at
  ip(args: string): Promise<any>
  /** Many `ip` lines in one process: `batch('link add br0 type bridge', 'link set br0 up')`. */
  batch(...lines: string[]): Promise<void>
}

/** `nsenter --net=`, not `ip netns exec`: that one remounts /sys and loses the cgroups. */
export const netnsAt = (name: string, path = `/run/netns/${name}`): Netns => {
  const inside = (file: string, args: readonly string[]) => [`--net=${path}`, '--', file, ...args]
  const ok = async (file: string, args: readonly string[] = [], options?: RunOptions) =>
    (await must('nsenter', inside(file, args), options)).stdout
  return {
    name,
    path,
    ok,
    sh: (file, args = [], options) => run('nsenter', inside(file, args), options),
    ip: async args => JSON.parse((await ok('ip', ['-j', ...args.split(' ')])) || '[]'),
    batch: async (...lines) => {
      await ok('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` })
    },
  }
}

export const addNetns = async (names: readonly string[]): Promise<Netns[]> => {
  await must('ip', ['-batch', '-'], { input: names.map(name => `netns add ${name}\n`).join('') })
  return names.map(name => netnsAt(name))
}

/** Removes those that are still there. */
export const deleteNetns = async (names: readonly string[]): Promise<void> => {
  await run('ip', ['-force', '-batch', '-'], { input: names.map(name => `netns del ${name}\n`).join('') })
}
