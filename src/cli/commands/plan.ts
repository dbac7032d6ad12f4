/** `vethwork plan add|del`: print what would be done; touch nothing. */

import { readFileSync } from 'node:fs'
import type { CommandModule } from 'yargs'
import type { Explained } from '../../plan/explain.ts'

interface Flags {
  verb?: string
  config?: string
  'container-id'?: string
  netns?: string
  ifname?: string
  args?: string
  path?: string
  json?: boolean
}

export const plan: CommandModule<object, Flags> = {
  command: 'plan <verb>',
  describe: 'print what ADD or DEL would do, in English and as commands; touch nothing',
  builder: {
    verb: { choices: ['add', 'del'], describe: 'the verb to plan' },
    config: { type: 'string', describe: 'file of the network configuration (default: stdin)' },
    'container-id': { type: 'string', describe: 'default: CNI_CONTAINERID, or "example"' },
    netns: { type: 'string', describe: 'path of the namespace (default: CNI_NETNS)' },
    ifname: { type: 'string', describe: 'default: CNI_IFNAME, or eth0' },
    args: { type: 'string', describe: 'K=V;K2=V2 (default: CNI_ARGS)' },
    path: { type: 'string', describe: 'where delegates are (default: CNI_PATH, or /opt/cni/bin)' },
    json: { type: 'boolean', describe: 'as a JSON array' },
  },
  async handler(flags) {
    const [{ parseConfig }, { refuseContradictions }, { parseRequest }, { previewAdd, previewDel }] =
      await Promise.all([
        import('../../../cni/config.ts'),
        import('../../../cni/contradictions.ts'),
        import('../../../cni/request.ts'),
        import('../../../cni/preview.ts'),
      ])
    const { env } = process
    const request = parseRequest({
      ...env,
      CNI_COMMAND: flags.verb?.toUpperCase(),
      CNI_CONTAINERID: flags['container-id'] ?? env.CNI_CONTAINERID ?? 'example',
      CNI_NETNS: flags.netns ?? env.CNI_NETNS,
      CNI_IFNAME: flags.ifname ?? env.CNI_IFNAME ?? 'eth0',
      CNI_ARGS: flags.args ?? env.CNI_ARGS,
      CNI_PATH: flags.path ?? env.CNI_PATH ?? '/opt/cni/bin',
    })
    const config = parseConfig(readFileSync(flags.config ?? 0, 'utf8'))
    if (request.verb === 'ADD') refuseContradictions(config.net, config.ipam, config.wants)
    const steps = await (request.verb === 'ADD' ? previewAdd : previewDel)(request, config)
    console.log(flags.json ? JSON.stringify(steps, null, 2) : render(steps))
  },
}

const render = (steps: readonly Explained[]) =>
  steps.length ? steps.map(step).join('\n') : 'Nothing is to be done.'

const step = ({ words, why, command }: Explained, n: number) =>
  [`${String(n + 1).padStart(2)}. ${words}`, `    why: ${why}`, `    $ ${command}`].join('\n')
