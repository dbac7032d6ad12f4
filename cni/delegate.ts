/** Another plugin, run as the specification says (section 4 "Plugin Delegation"). */

import { programIn, run } from '../src/linux/exec.ts'
import type { Config } from './config.ts'
import { CniError, codes } from './errors.ts'
import type { Request, Verb } from './request.ts'

/**
 * @returns what it printed, as JSON; undefined if nothing
 * @throws CniError with the delegate's own code and words
 */
export const delegate = async (
  type: string,
  verb: Verb,
  request: Request,
  config: Config,
): Promise<unknown> => {
  const file = find(type, request.path)
  const env = { ...process.env, ...attachmentIn(request), CNI_COMMAND: verb }
  const { exitCode, stdout, stderr } = await run(file, [], { env, input: config.text, timeout: 120 })
  const answer = parse(stdout)
  if (exitCode === 0) return answer
  const { code, msg, details } = (answer ?? {}) as Record<string, unknown>
  throw new CniError(
    Number.isInteger(code) && Number(code) > 0 ? Number(code) : codes.command,
    `ipam plugin '${type}', ${verb}: ${msg || stderr.trim() || `it ended with ${exitCode}`}`,
    String(details || `it is ${file}`),
  )
}

/** Whose it is about: with GC not what the runtime named, but each one that is stale; on the command line no runtime did. */
const attachmentIn = ({ containerId, netns, ifname, args, path }: Request) =>
  containerId
    ? {
        CNI_CONTAINERID: containerId,
        CNI_NETNS: netns,
        CNI_IFNAME: ifname,
        CNI_ARGS: Object.entries(args)
          .map(pair => pair.join('='))
          .join(';'),
        CNI_PATH: path.join(':'),
      }
    : {}

/** The versions it supports: what it does not know it is not asked. */
export const supports = async (
  type: string,
  version: string,
  request: Request,
  config: Config,
): Promise<boolean> => {
  const answer = (await delegate(type, 'VERSION', request, config)) as
    | { supportedVersions?: string[] }
    | undefined
  return answer?.supportedVersions?.includes(version) ?? false
}

const find = (type: string, path: readonly string[]): string => {
  const found = programIn(path, type)
  if (found) return found
  throw new CniError(
    codes.toolMissing,
    `ipam.type: the plugin '${type}' is in no directory of CNI_PATH (${path.join(':')})`,
    'install it there, or use "vethwork-ipam"',
  )
}

const parse = (stdout: string): unknown => {
  try {
    return JSON.parse(stdout)
  } catch {
    return undefined
  }
}
