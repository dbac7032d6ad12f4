/** `vethwork topology`: draw what is plugged into what; touch nothing. */

import type { CommandModule } from 'yargs'

interface Flags {
  json?: boolean
}

export const topology: CommandModule<object, Flags> = {
  command: 'topology',
  describe:
    "draw the host, its networks and their containers, as the kernel's marks tell them; touch nothing",
  builder: {
    json: { type: 'boolean', describe: 'as JSON' },
  },
  async handler({ json }) {
    const [{ seeTopology }, { draw, inColour }] = await Promise.all([
      import('../../linux/topology.ts'),
      import('../drawing.ts'),
    ])
    const seen = await seeTopology()
    if (json) return console.log(JSON.stringify(seen, null, 2))
    console.log(process.stdout.isTTY && !process.env.NO_COLOR ? inColour(draw(seen)) : draw(seen))
  },
}
