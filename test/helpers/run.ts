import { execFile } from 'node:child_process'

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

export interface RunOptions {
  readonly input?: string
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Record<string, string | undefined>
  readonly cwd?: string
  /** Milliseconds until SIGKILL; the exit code is then 137. */
  readonly timeout?: number
}

/** A `bash -c` whose stdin is a socket takes itself for one of rshd's and reads ~/.bashrc, unless it is not the first shell. */
const NOT_THE_FIRST = { SHLVL: '9' }

/** Runs a program to its end. A failure is an exit code; only a program that does not exist rejects. */
export const run = (file: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const settings = {
      env: { ...process.env, ...NOT_THE_FIRST, ...options.env },
      cwd: options.cwd,
      timeout: options.timeout ?? 30_000,
      killSignal: 'SIGKILL',
      maxBuffer: 64 << 20,
    } as const
    const child = execFile(file, args, settings, (error, stdout, stderr) => {
      if (error && typeof error.code === 'string') return reject(error)
      resolve({ stdout, stderr, exitCode: error ? Number(error.code ?? 137) : 0 })
    })
    child.stdin?.on('error', () => {}) // a program may end without reading its input
    child.stdin?.end(options.input ?? '')
  })

/** As `run`, but a failure throws, with everything that was said. */
export const must = async (
  file: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Ran> => {
  const ran = await run(file, args, options)
  if (ran.exitCode === 0) return ran
  throw new Error(`${file} ${args.join(' ')} ended with ${ran.exitCode}\n${ran.stderr}${ran.stdout}`)
}
