/** `vethwork conf new|check|schema`: write a configuration, say what is wrong with one, and where; what an editor must know. */

import { existsSync, writeFileSync } from 'node:fs'
import type { CommandModule } from 'yargs'
import type { Finding } from '../conf/check.ts'
import { type Answers, modes, type SampleMode } from '../conf/samples.ts'
import { print, show } from '../terminal.ts'

interface NewFlags extends Partial<Omit<Answers, 'mode'>> {
  mode?: SampleMode
  plain?: boolean
  output?: string
  force?: boolean
}

const confNew: CommandModule<object, NewFlags> = {
  command: 'new',
  describe: 'write a new configuration; on a terminal it asks for what no flag says',
  builder: yargs =>
    yargs
      .options({
        name: { type: 'string', describe: "the network's name" },
        mode: { choices: modes, describe: 'what kind of network' },
        subnet: { type: 'string', array: true, describe: 'one of each address family at most, usually' },
        gateway: { type: 'string', describe: "if it is not the subnet's first address" },
        bridge: { type: 'string', describe: 'default: br-NAME' },
        master: { type: 'string', describe: 'the interface that leads out' },
        vlanId: { type: 'number', describe: 'of mode vlan' },
        vni: { type: 'number', describe: 'of mode vxlan' },
        group: { type: 'string', describe: 'of mode vxlan: a multicast group' },
        peers: { type: 'string', array: true, describe: 'of modes vxlan and gre: addresses of the hosts' },
        key: { type: 'number', describe: 'of mode gre' },
        mtu: { type: 'number', describe: 'default: what fits' },
        plain: { type: 'boolean', describe: 'one plugin (.conf), not a list (.conflist)' },
        output: { alias: 'o', type: 'string', describe: 'file (default: stdout)' },
        force: { type: 'boolean', describe: 'overwrite that file' },
      })
      .example('$0 conf new --name web --mode nat --subnet 10.22.0.0/24', 'to stdout')
      .example('$0 conf new -o /etc/cni/net.d/10-web.conflist', 'asks'),
  async handler({ plain, output, force, ...flags }) {
    const [{ answersOf }, { plugin, list, written }] = await Promise.all([
      import('../conf/ask.ts'),
      import('../conf/samples.ts'),
    ])
    const answers = await answersOf(flags)
    const text = written((plain ? plugin : list)(answers))
    await refuseFindings('the new configuration', text)
    if (!output) return void print(text.trimEnd())
    if (existsSync(output) && !force)
      throw await refusal(`${output} is there already`, 'give --force to overwrite it')
    writeFileSync(output, text)
    console.error(`wrote ${output}`)
  },
}

interface CheckFlags {
  file?: string[]
  json?: boolean
}

const confCheck: CommandModule<object, CheckFlags> = {
  command: 'check [file..]',
  describe: 'say what is wrong with configurations (.conf, .conflist), with line and column',
  builder: yargs =>
    yargs
      .positional('file', { type: 'string', array: true, describe: 'default: stdin' })
      .options({ json: { type: 'boolean', describe: 'as a JSON array' } })
      .example('$0 conf check /etc/cni/net.d/*.conflist', 'exit status 1 if there is an error'),
  async handler({ file = [], json }) {
    const [{ check }, { textOf }] = await Promise.all([import('../conf/check.ts'), import('../confdir.ts')])
    const files = file.length ? file : [STDIN]
    const found = files.flatMap(file =>
      check(textOf(file === STDIN ? 0 : file)).map(finding => ({ file, ...finding })),
    )
    const wrong = new Set(found.filter(({ severity }) => severity === 'error').map(({ file }) => file))
    show(json, found, () =>
      [...found.map(line), ...files.filter(file => !wrong.has(file)).map(file => `${file}: ok`)].join('\n'),
    )
    if (wrong.size) throw await refusal(`${wrong.size} of ${files.length} would be refused`, '')
  },
}

const confSchema: CommandModule = {
  command: 'schema',
  describe: 'print the JSON Schema of a configuration, for editors',
  builder: yargs => yargs.example('$0 conf schema > vethwork.schema.json', ''),
  async handler() {
    const { configurationSchema } = await import('../../../cni/schema/jsonschema.ts')
    print(JSON.stringify(configurationSchema(), null, 2))
  },
}

const STDIN = 'stdin'

/** As compilers write it, for editors. */
const line = ({ file, line, column, severity, field, message, remedy }: Finding & { file: string }) => {
  const what = field ? `${field}: ${message}` : message
  return `${file}:${line}:${column}: ${severity}: ${what}${remedy ? ` (${remedy})` : ''}`
}

const refuseFindings = async (file: string, text: string) => {
  const { check } = await import('../conf/check.ts')
  const wrong = check(text).filter(({ severity }) => severity === 'error')
  if (wrong.length)
    throw await refusal(
      `${file} would be refused: ${wrong.map(({ field, message }) => `${field}: ${message}`).join('; ')}`,
      wrong.map(({ remedy }) => remedy).join('; '),
    )
}

const refusal = async (message: string, remedy: string) => {
  const { CniError, codes } = await import('../../../cni/errors.ts')
  return new CniError(codes.badConfig, message, remedy)
}

export const conf: CommandModule = {
  command: 'conf <action>',
  describe: 'write a configuration (new), say what is wrong with one (check), print the JSON Schema (schema)',
  builder: yargs =>
    yargs
      .command(confNew)
      .command(confCheck)
      .command(confSchema)
      .demandCommand(1, 'say new, check or schema'),
  handler: () => {},
}
