/** Who or what is meant on the command line: a container by the beginning of its ID, or a network by its name. */

import type { Config } from '../../cni/config.ts'
import { CniError, codes } from '../../cni/errors.ts'
import { type AttachmentSeen, seeAttachments } from '../linux/attachments.ts'
import { seeTopology } from '../linux/topology.ts'
import type { Subject } from './commands/explain.ts'
import { confDir, configOf, entriesIn, entriesOf } from './confdir.ts'
import { explainAttachment, explainConfig } from './explaining.ts'

/** @throws CniError(unknownContainer) that says what there is */
export const explainWhat = async (what: string): Promise<Subject[]> => {
  const seen = await seeAttachments()
  const ofNetwork = seen.filter(({ owner }) => owner.network === what)
  const config = configOf(entriesIn(confDir()).filter(({ network }) => network === what))
  // A whole name is meant before the beginning of another one.
  const isWhole = seen.some(({ owner }) => owner.containerId === what)
  const ofContainer = isWhole || !(ofNetwork.length || config) ? attachmentsOf(what, seen) : []
  if (ofContainer.length) return Promise.all(ofContainer.map(subjectOf))
  const example = ofNetwork.findLast(
    ({ records, life }) => records.some(({ call }) => call) && life !== 'gone',
  )
  if (example) {
    const { network } = await explainAttachment(example)
    return [{ title: `network ${what}`, explanation: { attachment: [], network } }]
  }
  if (config) return [await networkOf(config)]
  throw await nobody(what, seen)
}

/** @throws CniError if there is no network of ours in the file */
export const explainFile = async (file: string): Promise<Subject[]> => {
  const config = configOf(entriesOf(file))
  if (config) return [await networkOf(config)]
  throw new CniError(
    codes.badConfig,
    `${file}: holds no valid configuration of vethwork`,
    `see \`vethwork conf check ${file}\``,
  )
}

/** @throws CniError(unknownContainer) where the beginning is several containers' */
export const attachmentsOf = (what: string, seen: readonly AttachmentSeen[]): AttachmentSeen[] => {
  if (!what) return []
  const found = seen.filter(({ owner }) => owner.containerId.startsWith(what))
  const exact = found.filter(({ owner }) => owner.containerId === what)
  const ids = [...new Set((exact.length ? exact : found).map(({ owner }) => owner.containerId))]
  if (ids.length <= 1) return exact.length ? exact : found
  throw new CniError(
    codes.unknownContainer,
    `'${what}' is the beginning of ${ids.length} containers: ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ', …' : ''}`,
    'write more of it',
  )
}

const subjectOf = async (seen: AttachmentSeen): Promise<Subject> => {
  const { owner, life, netns, since } = seen
  const { containerId, network, ifname } = owner
  const known = seen.records.length > 0 ? seen : await fromDirectory(seen)
  return {
    title: `container ${containerId}, ${ifname} on network ${network}: ${life}`,
    attachment: { owner, life, netns, since },
    explanation: await explainAttachment(known),
  }
}

/** Whose ADD nobody remembers: its network's configuration, if it lies where runtimes look, stands in. */
const fromDirectory = async (seen: AttachmentSeen): Promise<AttachmentSeen> => {
  const { owner, addresses } = seen
  const entry = entriesIn(confDir()).find(({ network }) => network === owner.network)
  if (!entry)
    throw new CniError(
      codes.unknownContainer,
      `nobody remembers how container '${owner.containerId}' was added to network '${owner.network}'`,
      `put its configuration into ${confDir()}, or explain that: --config FILE`,
    )
  const lease = { addresses: addresses.map(address => ({ address })), routes: [], dns: {} }
  const record = {
    owner,
    plugin: entry.plugin,
    since: seen.since ?? '',
    endpoint: { owner, addresses, gateways: [] },
    wants: seen.wants,
    lease,
    call: { config: entry.text, args: {}, path: [] },
  }
  return { ...seen, records: [record] }
}

const networkOf = async (config: Config): Promise<Subject> => ({
  title: `network ${config.name}, as its next container would have it`,
  explanation: await explainConfig(config),
})

const nobody = async (what: string, seen: readonly AttachmentSeen[]) => {
  const { networks } = await seeTopology()
  const names = new Set([...networks.map(({ name }) => name), ...seen.map(({ owner }) => owner.network)])
  return new CniError(
    codes.unknownContainer,
    what ? `'${what}' is neither a container nor a network here` : 'what is to be explained is missing',
    `networks: ${[...names].join(', ') || 'none'}; containers: see \`vethwork ps\``,
  )
}
