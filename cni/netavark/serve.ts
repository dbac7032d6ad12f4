/**
 * podman 5 and later: netavark's plugin protocol (its plugin-API.md, version 1.0.0). podman calls `create`,
 * netavark `setup NETNS` and `teardown NETNS`; JSON comes on stdin and goes to stdout.
 */

import { allRecords } from '../../src/linux/records.ts'
import { warning } from '../../src/linux/trace.ts'
import { decode } from '../config.ts'
import { CniError, codes } from '../errors.ts'
import { personalities } from '../personality.ts'
import type { Request } from '../request.ts'
import { parseResult } from '../result.ts'
import { type PluginExec, pluginExec, podmanNetwork } from '../schema/netavark.ts'
import { validate } from '../schema/validate.ts'
import { serve } from '../verbs.ts'
import { newest } from '../versions.ts'
import { callOf, isPublishing } from './call.ts'
import { statusOf } from './status.ts'

declare const VETHWORK_VERSION: string

/**
 * @param args the subcommand and what follows it
 * @param stdin read when the subcommand needs it
 * @returns the JSON for stdout, or undefined for none
 */
export const serveNetavark = async (
  [command, netns]: readonly string[],
  stdin: () => string,
): Promise<object | undefined> => {
  if (command === 'info') return { version: VETHWORK_VERSION, api_version: '1.0.0' }
  if (command === 'create') return create(stdin())
  if (!netns)
    throw new CniError(
      codes.badEnvironment,
      `the path of the container's network namespace is missing`,
      `netavark calls: vethwork ${command} NETNS`,
    )
  const exec = validate(pluginExec, decode(stdin()), '')
  return command === 'setup' ? setup(netns, exec) : teardown(netns, exec)
}

/** What netavark shows: all that the user gets to know is one line. */
export const renderError = (error: unknown): object => {
  if (!(error instanceof CniError))
    return { error: `unexpected: ${error instanceof Error ? error.stack : error}` }
  const { message, details, code } = error
  return { error: [message, ...(details ? [details] : []), `code ${code}`].join('; ') }
}

const create = async (text: string) => {
  const [{ create }, { chooseSubnet, usedSubnets }] = await Promise.all([
    import('./create.ts'),
    import('./freesubnet.ts'),
  ])
  return create(validate(podmanNetwork, decode(text), ''), { used: usedSubnets, choose: chooseSubnet })
}

const setup = async (netns: string, exec: PluginExec) => {
  const { container_id, network, network_options: wish } = exec
  if (exec.port_mappings.length && !isPublishing(exec))
    warning(`network '${network.name}': it publishes no ports`)
  const published = isPublishing(exec) && isPublished(container_id, network.name)
  const { request, text } = callOf('ADD', netns, exec, { path: pluginPath(), published })
  const answer = await answered(request, text)
  return statusOf(parseResult(answer, 'the result', newest), wish.interface_name, network.internal)
}

const teardown = async (netns: string, exec: PluginExec) => {
  const { request, text } = callOf('DEL', netns, exec, { path: pluginPath(), published: false })
  await answered(request, text)
  return undefined
}

const answered = (request: Request, text: string) => serve(request, text, personalities.vethwork)

/** netavark gives all ports of a container to each of its networks: a port of the host leads to the first. */
const isPublished = (containerId: string, network: string) =>
  allRecords().some(
    ({ owner, wants }) =>
      owner.containerId === containerId && owner.network !== network && wants.ports.length > 0,
  )

/** Where delegates are, `dhcp` for one: netavark does not say. */
const pluginPath = () => process.env.CNI_PATH || '/opt/cni/bin'
