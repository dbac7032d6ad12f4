/** What is to be installed on this host: flags, and what runs here. */

import { existsSync } from 'node:fs'
import { parseConfig } from '../../../cni/config.ts'
import { CniError, codes } from '../../../cni/errors.ts'
import { personalities, personalityOf } from '../../../cni/personality.ts'
import { seeAttachments } from '../../linux/attachments.ts'
import { vtepName } from '../../networks/vxlan.ts'
import { check } from '../conf/check.ts'
import { type Answers, list, open, questions, written } from '../conf/samples.ts'
import { type Entry, entriesIn } from '../confdir.ts'
import type { Meddler, Wish } from './parcel.ts'

export interface Flags extends Partial<Answers> {
  readonly binDir: string
  readonly confDir: string
  readonly root: string
  readonly netavarkDir?: string
  readonly as?: readonly string[]
  readonly snippets?: boolean
}

/** @throws CniError(badConfig) for names that are no plugin's, and for a sample that lacks something */
export const wishOf = async (flags: Flags): Promise<Wish> => {
  const { binDir, confDir, root, netavarkDir, as = [], snippets = true } = flags
  for (const path of [binDir, confDir, netavarkDir ?? '/'])
    if (!path.startsWith('/')) throw refusal(`'${path}' is no absolute path`, 'write it from / on')
  const names = as.flatMap(one => one.split(',')).filter(Boolean)
  const known = Object.keys(personalities).filter(name => name !== 'vethwork')
  const strangers = names.filter(name => !known.includes(name))
  if (strangers.length)
    throw refusal(
      `--as: ${strangers.join(', ')} is nothing that vethwork stands in for`,
      `it does for ${known.join(', ')}`,
    )
  const sample = flags.mode && sampleOf(flags)
  return {
    binDir,
    confDir,
    netavarkDir,
    as: [...new Set(names)],
    sample,
    meddlers: snippets ? meddlersIn(root) : [],
    devices: devicesOf([...entriesIn(`${root}${confDir}`), ...(sample ? [entryOf(sample)] : [])]),
  }
}

/** Only where they are: on other hosts nobody reads their directories. */
const meddlersIn = (root: string): Meddler[] => [
  ...(existsSync(`${root}/etc/systemd/network`) ? (['udev', 'networkd'] as const) : []),
  ...(existsSync(`${root}/etc/NetworkManager/conf.d`) ? (['NetworkManager'] as const) : []),
]

/** Whatever is not said and has a usual answer has that. */
const sampleOf = (flags: Partial<Answers>): Answers => {
  const usual = Object.fromEntries(
    questions.flatMap(({ field, otherwise }) =>
      otherwise !== undefined && (field === 'name' || field === 'subnet') && flags[field] === undefined
        ? [[field, field === 'subnet' ? [otherwise] : otherwise]]
        : [],
    ),
  )
  const { name, mode, subnet, master, vlanId, vni, peers } = flags
  const given = Object.entries({ name, mode, subnet, master, vlanId, vni, peers })
  const answers = {
    ...usual,
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  } as unknown as Answers
  const missing = open(answers).filter(
    ({ optional, otherwise, field }) => !optional && (field === 'master' || !otherwise),
  )
  if (missing.length)
    throw refusal(
      `the sample of mode ${mode} needs ${missing.map(({ field }) => `--${field}`).join(', ')}`,
      'give these flags, or leave --mode out',
    )
  const wrong = check(written(list(answers))).filter(({ severity }) => severity === 'error')
  if (wrong[0])
    throw refusal(`the sample would be refused: ${wrong[0].field}: ${wrong[0].message}`, wrong[0].remedy)
  return answers
}

const entryOf = (answers: Answers): Entry => {
  const { plugins, ...head } = list(answers) as { plugins: [object] }
  return {
    file: '',
    network: answers.name,
    plugin: 'vethwork',
    text: JSON.stringify({ ...plugins[0], ...head }),
  }
}

/** Interfaces on the host that networks name. */
const devicesOf = (entries: readonly Entry[]): string[] => {
  const names = entries.flatMap(({ text, plugin }) => {
    try {
      const { net } = parseConfig(text, personalityOf(plugin))
      const isInside = ['macvlan', 'ipvlan', 'vlanlink', 'chained'].includes(net.mode)
      return isInside ? [] : [net.bridge, ...(net.mode === 'vxlan' && net.vni ? [vtepName(net.vni)] : [])]
    } catch {
      return []
    }
  })
  return [...new Set(names)]
}

/** @throws CniError(tryAgain): without the plugin nobody could take them away */
export const refuseWhileAttached = async () => {
  const attached = (await seeAttachments()).filter(({ life }) => life !== 'gone')
  if (attached.length)
    throw new CniError(
      codes.tryAgain,
      `${attached.length} attachments are there (see \`vethwork ps\`): without the plugin DEL fails`,
      'stop their containers first, or give --force',
    )
}

const refusal = (message: string, remedy: string) => new CniError(codes.badConfig, message, remedy)
