// What README.md and its pages tell people to type works as it says: their "sh run" blocks are run one after the other on a
// machine of their own, and a "text" block that follows one is what that printed ("…": something in between, or to the line's end).
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { check } from '../../src/cli/conf/check.ts'
import { type Machine, testMachine } from '../helpers/machine.ts'
import { isReference } from '../helpers/plugins.ts'
import { given, requireBuild, requireRoot, requireTool } from '../helpers/requirements.ts'
import { type Ran, run } from '../helpers/run.ts'

const root = new URL('../../', import.meta.url).pathname
const readme = readFileSync(`${root}README.md`, 'utf8')

interface Block {
  readonly script: string
  /** What is shown as its output. */
  readonly shown?: string
}

const pages = [
  'README.md',
  ...['HOSTS', 'SERVICES', 'FIELDS', 'OPERATING', 'PODMAN'].map(name => `examples/${name}.md`),
]

/** The pages' come last: they take it as installed. */
const blocks: Block[] = pages.flatMap(page =>
  [
    ...readFileSync(root + page, 'utf8').matchAll(/```sh run\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```)?/g),
  ].map(([, script = '', shown]) => ({ script, shown })),
)

/** The shown lines in their order, with anything between where there is an ellipsis; blanks do not matter. */
const pattern = (shown: string) => {
  const escaped = shown.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(escaped.replace(/\s*…\s*/g, '[\\s\\S]*').replace(/\s+/g, '\\s+'))
}

test('the README has commands to try', () => expect(blocks.length).toBeGreaterThan(3))

test('every npm script that it names is there', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  const named = [...readme.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name]) => name!)
  const unknown = named.filter(name => !(name in scripts) && !['packages', 'pack', 'package'].includes(name))
  expect(unknown).toEqual([])
})

test('npm run demo sets up what it needs, and a second time nothing; then it is the example', async () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  expect(scripts.demo).toBe('node .dev/setup.mjs npm demo build && examples/docker-bridge/run.sh')
  const ran = await run(process.execPath, [`${root}.dev/setup.mjs`, 'npm', 'demo'])
  expect(ran).toEqual({ exitCode: 0, stdout: '', stderr: '' })
})

/** Where a page may be linked to, as GitHub names it: `#published-ports`. */
const headingsOf = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(
    ([, title]) =>
      `#${title!
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-')}`,
  )

/** The file or directory of a link, and in a page of text the heading. */
const isThere = (from: string, link: string) => {
  const [, path = '', heading = ''] = /^([^#]*)(#.*)?$/.exec(link) ?? []
  const target = path ? join(dirname(from), path) : from
  if (!existsSync(root + target)) return false
  return !heading || headingsOf(readFileSync(root + target, 'utf8')).includes(heading)
}

test.each(pages)('every file, and every heading, that %s links to is there', page => {
  const links = [...readFileSync(root + page, 'utf8').matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!)
  expect(links.filter(link => !isThere(page, link))).toEqual([])
})

test('what of the documentation is JSON, vethwork takes', () => {
  const texts = pages.flatMap(page => [
    ...readFileSync(root + page, 'utf8').matchAll(/```json\n([\s\S]*?)```/g),
  ])
  const networks = texts.map(([, text = '']) => JSON.parse(text)).filter(({ type }) => type === 'vethwork')
  expect(networks.length).toBeGreaterThan(1)
  for (const one of networks) expect(check(JSON.stringify(one))).toEqual([])
})

test("the picture is the demo's", () => {
  const [picture = ''] = /┌ host[\s\S]*?┘\n```/.exec(readme) ?? []
  expect(picture).toContain('192.168.88.3/24')
  const demo = readFileSync(`${root}examples/docker-bridge/README.md`, 'utf8')
  expect(demo).toContain(picture.replace(/```$/, ''))
})

const tools = ['unshare', 'nsenter', 'ping', 'nft', 'bash'].map(requireTool)
const ready = given(requireRoot(), requireBuild(), isReference ? 'vethwork itself' : undefined, ...tools)

ready('the commands of the README', () => {
  let machine: Machine
  const ran: Ran[] = []
  beforeAll(async () => {
    machine = await testMachine()
    await machine.ok('sh', ['-c', 'rm -rf /opt/cni && mkdir -p /var/lib/readme'])
    await machine.ok('ln', ['-s', `${root}dist`, '/var/lib/readme/dist'])
  }, 60_000)
  afterAll(() => machine?.dispose(), 60_000)

  test('its table has every command', async () => {
    const { stdout } = await machine.sh(`${root}dist/vethwork`, ['--help'])
    const commands = [...stdout.matchAll(/^ {2}vethwork (\w+)/gm)].map(([, name]) => name!)
    const [, section = ''] = readme.split('\n## See, understand, repair\n')
    const listed = [...section.matchAll(/^\| `vethwork (.+?)`/gm)].flatMap(([, usage]) => usage!.split(/\W+/))
    expect(commands.length).toBeGreaterThan(10)
    expect(commands.filter(name => !listed.includes(name))).toEqual([])
  })

  for (const [n, { script, shown }] of blocks.entries())
    test(`${n + 1}: ${script.split('\n')[0]}`, async () => {
      // Variables live on from block to block, as in a terminal.
      const saved = 'set -a; [ ! -e .env ] || . ./.env; set +a'
      const keep = "trap 'export -p >.env' EXIT"
      const whole = `cd /var/lib/readme; ${saved}; set -eo pipefail; ${keep}\n${script}`
      ran[n] = await machine.sh('bash', ['-c', whole], { timeout: 60_000 })
      expect(ran[n]).toMatchObject({ exitCode: 0, stderr: '' })
      if (shown) expect(ran[n].stdout).toMatch(pattern(shown))
    }, 90_000)

  test('nothing is left', async () => {
    const links = await machine.ok('ip', ['-br', 'link'])
    expect(links.trim().split('\n')).toHaveLength(1)
    expect(await machine.ok('nft', ['list', 'ruleset'])).toBe('')
  })
})
