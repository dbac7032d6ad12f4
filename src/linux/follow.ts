/** Programs that go on and on. */

import { CniError, codes } from '../../cni/errors.ts'
import { environment, requireTool } from './exec.ts'

/**
 * Runs a program that goes on and on, and gives each line it prints as it comes. Ends when the program does, or on the signal.
 * @throws CniError(command) if it ends by itself with a failure
 */
export const follow = async (
  tool: string,
  args: readonly string[],
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  await requireTool(tool)
  // biome-ignore lint/style/noRestrictedImports: this is the one door
  const { execa } = await import('execa')
  const running = execa(tool, args, {
    stdin: 'ignore',
    env: environment(),
    extendEnv: false,
    buffer: false,
    reject: false,
    cancelSignal: signal,
  })
  for await (const line of running.iterable()) onLine(line)
  const { exitCode } = await running
  if (!signal.aborted && exitCode !== 0)
    throw new CniError(codes.command, `'${tool} ${args.join(' ')}' ended with ${exitCode}`)
}
