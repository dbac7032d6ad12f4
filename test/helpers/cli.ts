import { expect } from '@jest/globals'
import type { Host } from './host.ts'
import { executable } from './plugins.ts'
import type { Ran, RunOptions } from './run.ts'

/** The command line on one host: its state, its own directory of configurations, no call of a runtime. */
export const cliEnv = (host: Host) => ({
  CNI_COMMAND: undefined,
  VETHWORK_STATE_DIR: host.stateDir,
  NETCONFPATH: `${host.directory}/net.d`,
})

/** Runs a command; a failure is an exit code. */
export const cli = (
  host: Host,
  args: readonly string[],
  { env, ...options }: RunOptions = {},
): Promise<Ran> => host.sh(executable, args, { ...options, env: { ...cliEnv(host), ...env } })

/** What a command prints, which must succeed and say nothing on stderr. */
export const said = async (host: Host, ...args: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await cli(host, args)
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: '' })
  return stdout
}

/** The same with --json, parsed. */
// biome-ignore lint/suspicious/noExplicitAny: each command has its own
export const json = async (host: Host, ...args: string[]): Promise<any> =>
  JSON.parse(await said(host, ...args, '--json'))
