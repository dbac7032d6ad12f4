// npm run bench:throughput: TCP from container to container, through what vethwork makes and through the same devices made
// by hand, taking turns. A ratio below 0.95 ends with status 1.
//   --rounds=N   of each measurement (10)
//   --mode=M     only this one, or these
// Where the kernel lacks something, or the machine is busy: in the virtual machine, in which time is counted in instructions,
//   VETHWORK_VM_ICOUNT=1 test/vm/boot --timeout 3600 node test/bench/throughput.mjs
//   --json       the numbers as JSON
import { execFile, spawn } from 'node:child_process'
import { release } from 'node:os'
import { parseArgs, promisify } from 'node:util'
import { address, modes } from './devices.mjs'
import { built, can, clear } from './places.mjs'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    json: { type: 'boolean' },
    mode: { type: 'string', multiple: true },
  },
})
const LEAST = 0.95
const blast = new URL('blast.mjs', import.meta.url).pathname

const inside = ({ netns }, ...args) => ['nsenter', [`--net=${netns}`, process.execPath, blast, ...args]]

const listening = container =>
  new Promise((resolve, reject) => {
    const [file, args] = inside(container, 'server', address(container.n))
    const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    server.stdout.on('data', () => resolve(server))
    server.on('exit', code => reject(new Error(`the server ended with ${code}`)))
  })

const blasted = async (from, to) =>
  JSON.parse(
    (await promisify(execFile)(...inside(from, 'client', address(to.n)), { timeout: 30_000 })).stdout,
  )

const median = list => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]

/** Who begins changes from round to round; the first round only warms up. */
const compared = async (places, to) => {
  const ways = Object.keys(places)
  const servers = await Promise.all(ways.map(way => listening(places[way][to])))
  const seen = Object.fromEntries(ways.map(way => [way, []]))
  for (let round = -1; round < Number(options.rounds); round++)
    for (const way of round % 2 ? ways : ways.toReversed()) {
      const one = await blasted(places[way][0], places[way][to])
      if (round >= 0) seen[way].push(one)
    }
  for (const server of servers) server.removeAllListeners('exit').kill()
  const of = what => ways.map(way => median(seen[way].map(one => one[what])))
  // Other work on the machine comes and goes: of neighbours in time, both have about the same share of it.
  const [ours, theirs] = ways.map(way => seen[way])
  const ratio = (better, worse) => median(better.map((one, n) => one / worse[n]))
  const list = (all, what) => all.map(one => one[what])
  return {
    gbits: of('gbits'),
    micros: of('micros'),
    ratios: [
      ratio(list(ours, 'gbits'), list(theirs, 'gbits')),
      ratio(list(theirs, 'micros'), list(ours, 'micros')),
    ],
  }
}

const rows = []
const lacking = []
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130)) // the guard sweeps
try {
  for (const [mode, description] of Object.entries(modes)) {
    if (options.mode && !options.mode.includes(mode)) continue
    if (!can(description)) {
      lacking.push(mode)
      continue
    }
    const places = await built(mode, description)
    for (const hosts of description.hosts === 1 ? [1] : [1, 2]) {
      rows.push({ mode, hosts, ...(await compared(places, hosts)) })
    }
    clear()
  }
} finally {
  clear()
}

const cell = (value, digits) => value.toFixed(digits).padStart(9)
if (options.json) console.log(JSON.stringify({ kernel: release(), rows, lacking }, null, 2))
else {
  console.log(`TCP, container to container, medians of ${options.rounds} rounds. Linux ${release()}\n`)
  console.log('                         Gbit/s                       µs round trip')
  console.log('mode       hosts vethwork  by hand    ratio    vethwork  by hand    ratio')
  for (const { mode, hosts, gbits, micros, ratios } of rows)
    console.log(
      `${mode.padEnd(12)}${hosts}  ${[...gbits, ratios[0]].map(one => cell(one, 2)).join('')}  ${[...micros, ratios[1]].map(one => cell(one, 2)).join('')}`,
    )
  if (lacking.length) console.log(`\nThis kernel has no ${lacking.join(', ')}.`)
}
if (rows.some(({ ratios }) => ratios.some(one => one < LEAST))) {
  console.log(`\nA ratio is below ${LEAST}.`)
  process.exitCode = 1
}
