// The manual page has every command, flag and field that there is, and both readers of manual pages take it as it is.
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { codes } from '../../cni/errors.ts'
import { groups, objects } from '../../cni/schema/descriptions.ts'
import { said } from '../helpers/cli.ts'
import { type Host, testHost } from '../helpers/host.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireRoot, requireTool } from '../helpers/requirements.ts'
import { run } from '../helpers/run.ts'

/** A letter, a backspace, and the letter again. */
const BOLD = new RegExp(`.${String.fromCharCode(8)}`, 'g')

const ready = given(requireRoot(), requireBuild(), requireTool('mandoc'), requireTool('man'))

ready('the manual page', () => {
  let host: Host
  let source: string
  let text: string
  beforeAll(async () => {
    host = await testHost()
    source = await said(host, 'man')
    const file = `${host.directory}/vethwork.8`
    writeFileSync(file, source)
    text = (await run('mandoc', ['-T', 'ascii', '-O', 'width=400', file])).stdout.replaceAll(BOLD, '')
  }, 60_000)
  afterAll(() => host?.dispose(), 60_000)

  /** The lines below a heading of `--help`. */
  const helped = async (heading: string, ...words: string[]): Promise<string> => {
    const help = await said(host, ...words, '--help')
    return new RegExp(`^${heading}:\n([\\s\\S]*?)(\n\n|$(?!\n))`, 'm').exec(help)?.[1] ?? ''
  }

  /** Each command as it is used, `plan <verb>`; of one with commands below it those. */
  const usages = async (...words: string[]): Promise<string[]> => {
    const lines = await helped('Commands', ...words)
    const found = [...lines.matchAll(/^ {2}vethwork (.+?)(?: {2,}.*)?$/gm)].map(([, usage]) => usage!)
    const all = await Promise.all(
      found.map(async usage => {
        const below = await usages(...usage.split(' ').slice(0, words.length + 1))
        return below.length ? below : [usage]
      }),
    )
    return all.flat()
  }

  /** The part of one command: its heading has what follows the words, too, which the help may wrap. */
  const partOf = (...words: string[]): string =>
    text.split(new RegExp(`^ {3}${words.join(' ')}(?: [[<].*)?$`, 'm'))[1]?.split(/^ {0,3}\S/m)[0] ?? ''

  test('every command, and every flag of each', async () => {
    const all = await usages()
    expect(all).toEqual(
      expect.arrayContaining(['ls', 'plan <verb>', 'conf new', 'man', 'completion [shell]']),
    )
    const missing = await Promise.all(
      all.map(async usage => {
        const words = usage.split(' ').filter(word => /^\w/.test(word))
        const options = await helped('Options', ...words)
        const flags = [...options.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag!)
        const part = partOf(...words)
        expect([usage, part.length > 20, flags.length >= 2]).toEqual([usage, true, true])
        // A word in a fixed place may be named as a flag, too.
        const isThere = (flag: string) =>
          part.includes(flag) || new RegExp(`^ {7}${flag.slice(2)}( |$)`, 'm').test(part)
        const here = flags.filter(flag => !['--help', '--version'].includes(flag) && !isThere(flag))
        return here.map(flag => `${usage} ${flag}`)
      }),
    )
    expect(missing.flat()).toEqual([])
  }, 90_000)

  test('every field, every error code', () => {
    const fields = [...Object.values(groups), ...Object.values(objects)].flatMap(Object.keys)
    expect(
      fields.filter(field => !new RegExp(`^ {7}${field.replace(/[.$]/g, '\\$&')}( |$)`, 'm').test(text)),
    ).toEqual([])
    const [, errors = ''] = text.split(/^ERRORS$/m)
    expect(Object.values(codes).filter(code => !new RegExp(`^ {7}${code} `, 'm').test(errors))).toEqual([])
  })

  test('mandoc has nothing to say about it, nor has groff', async () => {
    const file = `${host.directory}/vethwork.8`
    expect(await run('mandoc', ['-T', 'lint', file])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(
      await run('man', ['--warnings', '-l', file], { env: { MANPAGER: 'cat', MANWIDTH: '80' } }),
    ).toMatchObject({
      exitCode: 0,
      stderr: '',
    })
  }, 30_000)

  test('it lies beside the executable', () => expect(readFileSync(`${executable}.8`, 'utf8')).toBe(source))
})
