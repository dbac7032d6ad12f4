// npm run bench: whole ADD and DEL processes of vethwork and of Debian's bridge + host-local, side by side.
//   --quick   fewer samples, for a look
//   --chain   with ports, a policy, rates and a sysctl: one plugin beside a chain of five
//   --many    with 1,000 containers on one bridge beside 10, and with 60,000 leases beside none
//   --json    the numbers as JSON
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { bun } from './bun.mjs'

// Node forks to start a program, and the copy of its page tables would be measured; Bun starts it as runtimes do, by vfork(2).
if (!process.versions.bun && existsSync(bun))
  process.exit(spawnSync(bun, process.argv.slice(1), { stdio: 'inherit' }).status ?? 1)

const { values: options } = parseArgs({
  options: Object.fromEntries(['quick', 'chain', 'many', 'json'].map(name => [name, { type: 'boolean' }])),
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
const { contenders, isReference } = await import('./contenders.mjs')
const { chains, withPorts } = await import('./chain.mjs')
const { measurePools } = await import('./pool.mjs')

// On a terminal one line that changes; elsewhere silence.
const progress = line => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`)
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130)) // the guard sweeps

try {
  const alone = [{ together: 1, rounds: options.quick ? 10 : 30 }]
  const both = options.quick
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
  const who = options.many
    ? // Five plugins for each of 1,000 containers take an hour.
      options.chain
      ? [withPorts(3)]
      : contenders
    : options.chain
      ? chains
      : contenders
  const rows = await measureAll({
    contenders: who,
    populations: options.many ? [10, 1000] : [10, 300],
    plans: options.many ? alone : both,
    progress,
  })
  const pools = options.many && !isReference ? await measurePools(alone[0].rounds, progress) : []
  progress('')
  const measured = results(rows, floor, pools)
  console.log(options.json ? JSON.stringify(measured, null, 2) : table(measured))
} finally {
  clear()
}
