/** Configurations as they lie in a runtime's directory: those of our plugins. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type Config, parseConfig } from '../../cni/config.ts'
import { CniError, codes } from '../../cni/errors.ts'
import { isObject } from '../../cni/json.ts'
import { personalities, personalityOf } from '../../cni/personality.ts'

/** One plugin of a configuration, as it gets it on stdin. */
export interface Entry {
  readonly file: string
  readonly network: string
  readonly plugin: string
  readonly text: string
}

/** Where runtimes look, and what cnitool asks. */
export const confDir = () => process.env.NETCONFPATH || '/etc/cni/net.d'

/** All entries of a directory that can be read; what cannot is `conf check`'s to tell. */
export const entriesIn = (directory: string): Entry[] =>
  existsSync(directory)
    ? readdirSync(directory)
        .filter(name => /\.(conf|conflist|json)$/.test(name))
        .sort()
        .flatMap(name => {
          try {
            return entriesOf(`${directory}/${name}`)
          } catch {
            return []
          }
        })
    : []

/** @throws CniError(io, decode) that names the file */
export const entriesOf = (file: string): Entry[] => {
  const json = decoded(file, textOf(file))
  const { name, cniVersion, plugins } = json
  const list = Array.isArray(plugins) ? plugins.filter(isObject) : [json]
  return list
    .filter(({ type }) => typeof type === 'string' && Object.hasOwn(personalities, type))
    .map(plugin => ({
      file,
      network: String(name),
      plugin: String(plugin.type),
      text: JSON.stringify({ ...plugin, name, cniVersion }),
    }))
}

/** @throws CniError(io) */
export const textOf = (file: string | 0): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CniError(
      codes.io,
      `${file || 'stdin'}: ${(error as Error).message}`,
      'give a file that is there and can be read',
    )
  }
}

const decoded = (file: string, text: string): Record<string, unknown> => {
  try {
    const json: unknown = JSON.parse(text)
    if (isObject(json)) return json
  } catch {}
  throw new CniError(codes.decode, `${file}: is no JSON object`, `see \`vethwork conf check ${file}\``)
}

/** The plugin of ours that makes the network's interfaces: what is chained behind it is not a network. */
export const configOf = (entries: readonly Entry[]): Config | undefined => {
  for (const { text, plugin } of entries) {
    try {
      const config = parseConfig(text, personalityOf(plugin))
      if (personalityOf(plugin).role === 'network') return config
    } catch {}
  }
  return undefined
}
