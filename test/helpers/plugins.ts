import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Debian's containernetworking-plugins. */
export const referenceDir = '/usr/lib/cni'

/** dist/vethwork, or what VETHWORK_BIN says. */
export const executable = resolve(
  process.env.VETHWORK_BIN ?? new URL('../../dist/vethwork', import.meta.url).pathname,
)

/** The driver of this run is the slower one: .dev/iproute2.mjs. */
export const byPrograms = process.env.VETHWORK_NETLINK === 'iproute2'

/** VETHWORK_BIN may also be a directory of plugins (/usr/lib/cni): then the tests try themselves on the reference. */
export const isReference = existsSync(executable) && statSync(executable).isDirectory()

/** The names by which the executable is called. */
export const names = ['vethwork', 'vethwork-ipam', 'bridge', 'host-local']

/** The same, and those that it is in a chain behind another plugin. */
export const chainNames = [...names, 'portmap', 'bandwidth', 'firewall', 'tuning', 'sbr']

/**
 * A CNI_PATH directory: the executable under all its names, and Debian's plugins for everything else.
 * @param ours its names there
 */
export const pluginsUnderTest = (directory: string, ours: readonly string[] = names): string =>
  farm(directory, executable, ours, (target, link) => symlinkSync(target, link))

/** The same with copies instead of links into the host, for a machine of its own; only the names are links. */
export const installPlugins = (directory: string, ours: readonly string[] = names): string => {
  mkdirSync(directory, { recursive: true })
  if (!isReference) copyFileSync(executable, join(directory, '.vethwork'))
  return farm(directory, '.vethwork', ours, copyFileSync)
}

const farm = (
  directory: string,
  target: string,
  ours: readonly string[],
  put: (from: string, to: string) => void,
): string => {
  mkdirSync(directory, { recursive: true })
  for (const name of existsSync(referenceDir) ? readdirSync(referenceDir) : []) {
    if (isReference || !ours.includes(name)) put(join(referenceDir, name), join(directory, name))
  }
  if (!isReference) for (const name of ours) symlinkSync(target, join(directory, name))
  return directory
}
