// npm run bench: whole ADD and DEL processes of vethwork and of Debian's bridge + host-local, side by side.
//   --quick   fewer samples, for a look
//   --chain   with ports, a policy, rates and a sysctl: one plugin beside a chain of five
//   --json    the numbers as JSON
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, chain: { type: 'boolean' }, json: { type: 'boolean' } },
})

const missing = [
  process.getuid() === 0 ? [] : 'root',
  existsSync('/usr/lib/cni/bridge') ? [] : 'the package containernetworking-plugins',
  existsSync(process.env.VETHWORK_BIN ?? new URL('../../dist/vethwork', import.meta.url))
    ? []
    : 'dist/vethwork (npm run build)',
].flat()
if (missing.length > 0) {
  console.error(`bench: missing: ${missing.join(', ')}`)
  process.exit(1)
}

const { clear } = await import('./arena.mjs')
const { measureAll } = await import('./rounds.mjs')
const { measureFloor } = await import('./floor.mjs')
const { results, table } = await import('./report.mjs')
const { contenders } = await import('./contenders.mjs')
const { chains } = await import('./chain.mjs')

// On a terminal one line that changes; elsewhere silence.
const progress = line => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`)
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130)) // the guard sweeps

try {
  const plans = options.quick
    ? [
        { together: 1, rounds: 10 },
        { together: 8, rounds: 3 },
      ]
    : [
        { together: 1, rounds: 50 },
        { together: 8, rounds: 12 },
      ]
  progress('the floor')
  const floor = await measureFloor(options.quick ? 10 : 40)
  const rows = await measureAll({
    contenders: options.chain ? chains : contenders,
    populations: [10, 300],
    plans,
    progress,
  })
  progress('')
  const measured = results(rows, floor)
  console.log(options.json ? JSON.stringify(measured, null, 2) : table(measured))
} finally {
  clear()
}
