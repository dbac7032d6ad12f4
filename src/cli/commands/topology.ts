/** `vethwork topology`: draw what is plugged into what; touch nothing. */

import type { CommandModule } from 'yargs'
import type { Topology } from '../../linux/topology.ts'
import { hasColour, print } from '../terminal.ts'

interface Flags {
  json?: boolean
  ascii?: boolean
  mermaid?: boolean
  svg?: string
  from?: string[]
}

export const topology: CommandModule<object, Flags> = {
  command: 'topology',
  describe:
    "draw the host, its networks and their containers, as the kernel's marks tell them; touch nothing",
  builder: yargs =>
    yargs
      .options({
        ascii: { type: 'boolean', describe: 'in lines and boxes of text (so it is without a flag)' },
        svg: { type: 'string', describe: 'as a picture into this file; --svg=- is stdout' },
        mermaid: { type: 'boolean', describe: 'as a flowchart for Markdown' },
        json: { type: 'boolean', describe: 'as JSON' },
        from: {
          type: 'string',
          array: true,
          describe: 'draw these files instead: what --json printed, on several hosts',
        },
      })
      .conflicts({ ascii: ['svg', 'mermaid', 'json'], svg: ['mermaid', 'json'], mermaid: ['json'] })
      .example('$0 topology --svg host.svg', 'to look at in a browser')
      .example('$0 topology --from a.json b.json', 'two hosts, from what --json wrote on each'),
  async handler({ json, svg, mermaid, from }) {
    const hosts = from ? await dumped(from) : [await seen()]
    if (json) return void print(JSON.stringify(from ? hosts : hosts[0], null, 2))
    if (svg !== undefined) return drawInto(svg, hosts)
    if (mermaid) return void print((await import('../picture/mermaid.ts')).mermaid(hosts).trimEnd())
    const { drawAll, draw, inColour } = await import('../drawing.ts')
    const drawing = from ? drawAll(hosts) : draw(hosts[0]!)
    print(hasColour(process.stdout, process.env) ? inColour(drawing) : drawing)
  },
}

const seen = async () => (await import('../../linux/topology.ts')).seeTopology()

const drawInto = async (file: string, hosts: readonly Topology[]) => {
  const [{ writeFileSync }, { layoutAll }, { svg }] = await Promise.all([
    import('node:fs'),
    import('../picture/layout.ts'),
    import('../picture/svg.ts'),
  ])
  const picture = svg(layoutAll(hosts), `vethwork on ${hosts.map(({ host }) => host).join(', ')}`)
  if (file === '-') print(picture.trimEnd())
  else writeFileSync(file, picture)
}

/** @throws CniError(io, badConfig) that names the file */
const dumped = async (files: readonly string[]): Promise<Topology[]> => {
  const [{ readText }, { CniError, codes }] = await Promise.all([
    import('../../../ipam/file.ts'),
    import('../../../cni/errors.ts'),
  ])
  return files.map(file => {
    const wrong = (what: string) =>
      new CniError(codes.badConfig, `${file}: ${what}`, 'give files that `vethwork topology --json` wrote')
    const text = readText(file)
    if (text === undefined) throw wrong('there is no such file')
    try {
      const dump = JSON.parse(text)
      if (Array.isArray(dump.networks) && Array.isArray(dump.uplinks)) return dump
    } catch {}
    throw wrong('is no topology')
  })
}
