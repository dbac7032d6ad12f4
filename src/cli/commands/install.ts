/** `vethwork install` and `uninstall`: the executable, other plugins' names, a sample, and peace with others. */

import type { CommandModule } from 'yargs'
import { type Answers, modes, type SampleMode } from '../conf/samples.ts'
import type { Done } from '../install/install.ts'
import { show } from '../terminal.ts'

interface Flags extends Partial<Omit<Answers, 'mode'>> {
  'bin-dir'?: string
  'conf-dir'?: string
  root?: string
  netavark?: boolean
  'netavark-dir'?: string
  as?: string[]
  mode?: SampleMode
  snippets?: boolean
  'dry-run'?: boolean
  json?: boolean
}

export const install: CommandModule<object, Flags> = {
  command: 'install',
  describe: 'put the executable where runtimes look; other names and a sample if asked',
  builder: yargs =>
    yargs
      .options({
        'bin-dir': { type: 'string', default: '/opt/cni/bin', describe: 'where runtimes look for plugins' },
        'conf-dir': { type: 'string', default: '/etc/cni/net.d', describe: 'and for networks' },
        as: {
          type: 'string',
          array: true,
          describe:
            'stand in for these plugins, too: bridge,portmap,… (what stood there comes back with uninstall)',
        },
        netavark: { type: 'boolean', describe: 'for podman 5, too: a link where netavark looks for plugins' },
        'netavark-dir': { type: 'string', default: '/usr/local/lib/netavark', describe: 'where that is' },
        mode: { choices: modes, describe: 'also write a sample configuration of this mode' },
        name: { type: 'string', describe: 'of the sample' },
        subnet: { type: 'string', array: true, describe: 'of the sample' },
        master: { type: 'string', describe: 'of the sample' },
        vlanId: { type: 'number', describe: 'of the sample' },
        vni: { type: 'number', describe: 'of the sample' },
        peers: { type: 'string', array: true, describe: 'of the sample' },
        snippets: {
          type: 'boolean',
          default: true,
          describe: 'keep udev, networkd and NetworkManager, if they are here, off our interfaces',
        },
        root: { type: 'string', default: '', describe: 'a directory that stands for /, for images' },
        'dry-run': { type: 'boolean', describe: 'say what would be done' },
        json: { type: 'boolean', describe: 'as a JSON array' },
      })
      .example('$0 install --mode nat', 'the plugin and a first network')
      .example('$0 install --netavark', 'then: podman network create -d vethwork web')
      .example('$0 install --as bridge,host-local', 'in place of the reference plugins'),
  async handler({ 'bin-dir': binDir = '', 'conf-dir': confDir = '', root = '', ...flags }) {
    const netavarkDir = flags.netavark ? flags['netavark-dir'] : undefined
    const [{ wishOf }, { parcel }, { install }] = await Promise.all([
      import('../install/wish.ts'),
      import('../install/parcel.ts'),
      import('../install/install.ts'),
    ])
    const wish = await wishOf({ ...flags, binDir, confDir, root, netavarkDir })
    const done = install(parcel(wish), root, flags['dry-run'] ?? false)
    show(flags.json, done, () => done.map(line).join('\n'))
  },
}

export const uninstall: CommandModule<object, { force?: boolean; 'dry-run'?: boolean; json?: boolean }> = {
  command: 'uninstall',
  describe: 'remove what install has put there, and nothing else',
  builder: yargs =>
    yargs
      .options({
        force: { type: 'boolean', describe: 'also while containers are attached' },
        'dry-run': { type: 'boolean', describe: 'say what would be removed' },
        json: { type: 'boolean', describe: 'as a JSON array' },
      })
      .example('$0 uninstall --dry-run', 'what that would be'),
  async handler({ force, 'dry-run': dryRun = false, json }) {
    const [{ uninstall }, { refuseWhileAttached }] = await Promise.all([
      import('../install/install.ts'),
      import('../install/wish.ts'),
    ])
    if (!force) await refuseWhileAttached()
    const done = await uninstall(dryRun)
    show(json, done, () => done.map(line).join('\n') || 'Nothing was installed by `vethwork install`.')
  },
}

const line = ({ path, did, because }: Done) => `${did.padEnd(12)}  ${path}${because ? ` (${because})` : ''}`
