// Run by Bun, for run.ts: starts the programs that tests want started, a line of JSON each way. Node forks to start one, and what
// jest has grown to is copied page table by page table; Bun does not. It ends when it was not asked for a while.

export interface Order {
  readonly id: number
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly input: string
  /** Milliseconds until SIGKILL. */
  readonly timeout: number
}

export type Delivery = { readonly id: number } & (
  | { readonly stdout: string; readonly stderr: string; readonly exitCode: number }
  /** It could not be started. */
  | { readonly code: string; readonly message: string }
)

/** Milliseconds. */
const PATIENCE = 5000

const carryOut = async ({ id, command, env, cwd, input, timeout }: Order): Promise<Delivery> => {
  try {
    const running = Bun.spawn([...command], {
      env,
      cwd,
      stdin: Buffer.from(input),
      stdout: 'pipe',
      stderr: 'pipe',
      timeout,
      killSignal: 'SIGKILL',
    })
    const [stdout, stderr] = await Promise.all([
      new Response(running.stdout).text(),
      new Response(running.stderr).text(),
      running.exited,
    ])
    return { id, stdout, stderr, exitCode: running.exitCode ?? 137 }
  } catch (error) {
    const { code = 'unknown', message } = error as NodeJS.ErrnoException
    return { id, code, message }
  }
}

let running = 0
let leaving: Timer | undefined

const leaveSoon = () => {
  clearTimeout(leaving)
  leaving = setTimeout(() => running || process.exit(0), PATIENCE)
}

leaveSoon()
for await (const line of console) {
  if (!line) continue
  running++
  carryOut(JSON.parse(line)).then(delivery => {
    process.stdout.write(`${JSON.stringify(delivery)}\n`)
    running--
    leaveSoon()
  })
}
