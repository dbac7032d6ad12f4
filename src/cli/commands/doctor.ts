/** `vethwork doctor`: what is wrong on this host, why it matters, what to type; with --fix mend what is ours. */

import type { CommandModule } from 'yargs'
import { flow } from '../boxes.ts'
import type { Visit } from '../doctor/doctor.ts'
import type { Finding } from '../doctor/finding.ts'
import { show } from '../terminal.ts'
import { stepLines } from '../words.ts'

interface Flags {
  fix?: boolean
  'dry-run'?: boolean
  json?: boolean
}

export const doctor: CommandModule<object, Flags> = {
  command: 'doctor',
  describe: 'say what is wrong on this host, why it matters, and what to type',
  builder: yargs =>
    yargs
      .options({
        fix: { type: 'boolean', describe: 'mend what is ours and safe; of the rest, say the command' },
        'dry-run': { type: 'boolean', describe: 'with --fix: say what would be done' },
        json: { type: 'boolean', describe: 'as JSON' },
      })
      .example('$0 doctor', 'exit status 1 if containers suffer, or will; notes alone are 0')
      .example('$0 doctor --fix --dry-run', 'what would be done about it')
      .example('$0 doctor --json | jq -r ".findings[] | .id + \\" \\" + .object"', 'for programs'),
  async handler({ fix = false, 'dry-run': dryRun = false, json }) {
    const [{ visit }, { refuseFailures }, { isTrouble }, { AlreadySaid }, { withProgress }] =
      await Promise.all([
        import('../doctor/doctor.ts'),
        import('../doctor/fix.ts'),
        import('../doctor/finding.ts'),
        import('../alreadysaid.ts'),
        import('../progress.ts'),
      ])
    const seen = await withProgress('doctor', tell => visit(fix, dryRun, tell))
    show(json, asJson(seen, fix), () => render(seen, fix, dryRun))
    await refuseFailures(seen.failures)
    if (seen.findings.some(isTrouble)) throw new AlreadySaid()
  },
}

const asJson = ({ findings, done, healed, driver }: Visit, fix: boolean) => ({
  driver,
  findings: findings.map(published),
  ...(fix ? { done, healed: healed.map(published) } : {}),
})

const published = ({ mend: _, ...finding }: Finding) => finding

const render = ({ findings, done, healed }: Visit, fix: boolean, dryRun: boolean): string => {
  const count = (severity: Finding['severity']) => findings.filter(one => one.severity === severity).length
  const [errors, warnings, notes] = [count('error'), count('warning'), count('note')]
  const fixable = findings.filter(one => one.fixable).length
  return [
    ...(done.length ? [dryRun ? 'It would be done:' : 'It was done:', ...done.flatMap(stepLines), ''] : []),
    ...healed.map(({ id, what }) => `healed: ${what} [${id}]`),
    ...(healed.length ? [''] : []),
    ...shortened(findings).flatMap(one => (typeof one === 'string' ? [one, ''] : [...paragraph(one), ''])),
    errors + warnings
      ? `${plural(errors, 'error')}, ${plural(warnings, 'warning')}, ${plural(notes, 'note')}${
          fixable && !fix ? `; \`vethwork doctor --fix\` mends ${fixable} of them` : ''
        }`
      : `Nothing is wrong${notes ? ` (${plural(notes, 'note')})` : ''}.`,
  ].join('\n')
}

/** After a flush of all rules each container has something to tell: of the same a few are enough. */
const FEW = 4

const shortened = (findings: readonly Finding[]): (Finding | string)[] => {
  const seen = new Map<string, number>()
  const kept = findings.filter(({ id }) => {
    seen.set(id, (seen.get(id) ?? 0) + 1)
    return seen.get(id)! <= FEW
  })
  const more = [...seen].filter(([, count]) => count > FEW)
  return [...kept, ...more.map(([id, count]) => `… and ${count - FEW} more of [${id}]; --json shows all`)]
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`

const paragraph = ({ severity, id, what, why, fix, thread, fixable }: Finding): string[] => [
  ...wrapped(`${severity}: `, `${what} [${id}]`),
  ...wrapped('  why: ', why),
  `    $ ${fix}${fixable ? '   # --fix does it' : ''}`,
  ...(thread ? [`  see: ${thread}`] : []),
]

/** In lines of 80 columns; commands stay whole, to be copied. */
const wrapped = (start: string, text: string): string[] =>
  flow(text.split(' '), 80 - start.length, ' ').map(
    (line, n) => `${n ? ' '.repeat(start.length) : start}${line}`,
  )
