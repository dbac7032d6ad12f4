import { cpus, release } from 'node:os'

const quantile = (times, q) => {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]
}
const summary = times => ({ median: quantile(times, 0.5), p95: quantile(times, 0.95), samples: times.length })

/** What is printed with --json. */
export const results = (rows, floor, pools = []) => ({
  date: new Date().toISOString(),
  machine: { kernel: release(), cpu: cpus()[0]?.model, cores: cpus().length },
  unit: 'ms',
  rows: rows.map(({ command, existing, together, times: [ours, theirs] }) => {
    const [vethwork, reference] = [summary(ours), theirs && summary(theirs)]
    const ratio = reference && vethwork.median / reference.median
    return { command, existing, together, vethwork, reference, ratio }
  }),
  pools: pools.map(({ what, times }) => ({ what, ...summary(times) })),
  floor: floor.map(({ what, times }) => ({ what, ...summary(times) })),
})

const ms = value => value.toFixed(1).padStart(8)
const right = (text, width) => String(text).padStart(width)

/** The same for people, within 80 columns. */
export const table = ({ date, machine, rows, floor, pools }) => {
  const lines = [
    `Whole processes, milliseconds. ${date.slice(0, 10)}, Linux ${machine.kernel},`,
    `${machine.cores} cores of ${machine.cpu}`,
    '',
    '                              vethwork          reference',
    '     existing  at a time   median     p95    median     p95     ratio',
  ]
  for (const { command, existing, together, vethwork, reference, ratio } of rows) {
    const beside = reference
      ? `  ${ms(reference.median)}${ms(reference.p95)}  ${right(ratio.toFixed(2), 8)}`
      : ''
    const numbers = `${ms(vethwork.median)}${ms(vethwork.p95)}${beside}`
    lines.push(`${command}  ${right(existing, 8)}  ${right(together, 9)} ${numbers}`)
  }
  if (pools.length)
    lines.push(
      '',
      'ADD of vethwork-ipam alone, in a /16',
      ...pools.map(({ what, median, p95 }) => `${what.padEnd(25)}${ms(median)}${ms(p95)}`),
    )
  lines.push('', 'The floor: a process that does nothing', '                           median     p95')
  for (const { what, median, p95 } of floor) lines.push(`${what.padEnd(25)}${ms(median)}${ms(p95)}`)
  return lines.join('\n')
}
