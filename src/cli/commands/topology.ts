/** `vethwork topology`: draw what is plugged into what; touch nothing. */

import type { CommandModule } from 'yargs'
import type { Topology } from '../../linux/topology.ts'

interface Flags {
  json?: boolean
  from?: string[]
}

export const topology: CommandModule<object, Flags> = {
  command: 'topology',
  describe:
    "draw the host, its networks and their containers, as the kernel's marks tell them; touch nothing",
  builder: {
    json: { type: 'boolean', describe: 'as JSON' },
    from: {
      type: 'string',
      array: true,
      describe: 'draw these files instead: what --json printed, on several hosts',
    },
  },
  async handler({ json, from }) {
    const { drawAll, draw, inColour } = await import('../drawing.ts')
    const hosts = from ? await dumped(from) : [await seen()]
    if (json) return console.log(JSON.stringify(from ? hosts : hosts[0], null, 2))
    const drawing = from ? drawAll(hosts) : draw(hosts[0]!)
    console.log(process.stdout.isTTY && !process.env.NO_COLOR ? inColour(drawing) : drawing)
  },
}

const seen = async () => (await import('../../linux/topology.ts')).seeTopology()

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
