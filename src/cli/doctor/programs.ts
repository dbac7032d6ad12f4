/** Programs that others run: our own executable where runtimes look for it, and the tools that networks need. */

import { existsSync, readFileSync, statSync } from 'node:fs'
import { runningDaemons } from '../../linux/daemons.ts'
import { findTool, run } from '../../linux/exec.ts'
import type { Desired } from '../../plan/kinds/index.ts'
import { HOST } from '../../plan/netns.ts'
import type { Meddler } from '../install/parcel.ts'

const SELF = '/proc/self/exe'

/** Where runtimes look: CNI_PATH as they set it, else where `install` puts it. */
const pluginPaths = () => (process.env.CNI_PATH || '/opt/cni/bin').split(':').filter(Boolean)

/** Executables of our name that are not this one. */
export const otherPlugins = async () => {
  const found: { path: string; version: string }[] = []
  for (const path of pluginPaths().map(directory => `${directory}/vethwork`))
    if (existsSync(path) && !isThisOne(path)) found.push({ path, version: await versionOf(path) })
  return found
}

const isThisOne = (path: string) => {
  const [one, own] = [statSync(path), statSync(SELF)]
  if (one.dev === own.dev && one.ino === own.ino) return true
  return one.size === own.size && readFileSync(path).equals(readFileSync(SELF))
}

const versionOf = async (path: string) => {
  const env = { ...process.env, CNI_COMMAND: undefined }
  const ran = await run(path, ['--version'], { env, timeout: 5 }).catch(() => undefined)
  return ran?.exitCode === 0 ? ran.stdout.trim() : 'unknown'
}

/**
 * What the networks that are here need and this host does not have.
 * @param byPrograms why the kernel is not told by messages; undefined if it is
 */
export const missingTools = async (described: readonly Desired[], byPrograms?: string) => {
  const needs = new Map<string, string>([['ip', 'every network']])
  for (const one of described) {
    if (one.netns !== HOST) needs.set('nsenter', 'every container')
    if (one.kind === 'ruleset' || one.kind === 'element') needs.set('nft', one.why)
    if (one.kind === 'iptables' && one.table === 'nat') needs.set(one.command, one.why)
    if (byPrograms && (one.kind === 'shaper' || one.kind === 'redirect')) needs.set('tc', one.why)
    if (byPrograms && one.kind === 'conntrack') needs.set('conntrack', one.why)
    if (one.kind === 'offload') needs.set('ethtool', one.why)
  }
  const missing: { tool: string; needs: string }[] = []
  for (const [tool, why] of needs) if (!(await findTool(tool))) missing.push({ tool, needs: why })
  return missing
}

/** By what `install` tells them to leave our interfaces alone. */
const snippets: Readonly<Record<Meddler, string>> = {
  udev: '/etc/systemd/network/69-vethwork.link',
  networkd: '/etc/systemd/network/69-vethwork.network',
  NetworkManager: '/etc/NetworkManager/conf.d/69-vethwork.conf',
}

/** Daemons that run here and were not told. */
export const meddlers = (): Meddler[] => runningDaemons().filter(one => !existsSync(snippets[one]))
