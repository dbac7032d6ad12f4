// logFile and logLevel: what is written, in which order, by many at once, and that a log never fails a verb.

import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, expect, test } from '@jest/globals'
import { cli, json, said } from '../helpers/cli.ts'
import type { Host } from '../helpers/host.ts'
import { type Machine, testMachine } from '../helpers/machine.ts'
import { configOf } from '../helpers/modes.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

const pathOf = (host: Host) => `${host.directory}/vethwork.log`
const logging = (host: Host, more: object = {}) => configOf('nat', 'v4', { logFile: pathOf(host), ...more })

// biome-ignore lint/suspicious/noExplicitAny: tests pick what they look at
const linesOf = (text: string): any[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
const logOf = (host: Host) => linesOf(readFileSync(pathOf(host), 'utf8'))

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'

ready('a log in a file', () => {
  test('each step of ADD and DEL in its order, then what became of the verb; of root alone', async () => {
    const { host, add, del } = await open()
    const container = await host.container()
    const began = Date.now()
    const env = { TRACEPARENT: `00-${traceId}-${parentId}-01`, SECRET: 'hunter2' }
    await add(container, logging(host), { env })
    const lines = logOf(host)
    const { id } = container
    for (const line of lines) {
      const head = { network: 'web.net-1', containerId: id, ifName: 'eth0', plugin: 'vethwork' }
      expect(line).toMatchObject({ verb: 'ADD', level: 'info', ...head, traceId, parentId })
      expect(line.time).toBe(new Date(line.time).toISOString())
      expect(Date.parse(line.time)).toBeGreaterThanOrEqual(began)
    }
    expect(new Set(lines.map(({ spanId }) => spanId)).size).toBe(1)
    expect(lines[0].spanId).toMatch(/^(?!b7ad6b7169203331)[\da-f]{16}$/)
    const steps = lines.slice(0, -1)
    const names = steps.map(({ step }) => step)
    const expected = ['configured', 'leased', 'described', 'observed', 'shared', 'applied']
    expect(names.filter(name => expected.includes(name))).toEqual(expected)
    expect(names).toContainEqual(expect.stringMatching(/^create the bridge br-/))
    expect(names.at(-2)).toMatch(/announce the addresses of eth0/)
    expect(steps.filter(({ commands }) => commands)).toEqual([])
    const { outcome, ms: total } = lines.at(-1)
    expect(outcome).toBe('done')
    const sum = steps.reduce((all, { ms }) => all + ms, 0)
    expect(steps.every(({ ms }) => ms >= 0)).toBe(true)
    expect(sum).toBeLessThanOrEqual(total + 0.01)
    expect(sum).toBeGreaterThan(total / 2)
    expect(statSync(pathOf(host)).mode & 0o7777).toBe(0o600)

    await del(container, logging(host), { netns: '' })
    const rest = logOf(host).slice(lines.length)
    expect(rest.map(({ verb }) => verb)).toEqual(rest.map(() => 'DEL'))
    expect(rest.map(({ step }) => step)).toContainEqual(expect.stringMatching(/delete the veth/))
    expect(rest.at(-1)).toMatchObject({ outcome: 'done' })
    // Without TRACEPARENT the trace is its own.
    expect(rest[0].traceId).toMatch(/^[\da-f]{32}$/)
    expect(rest[0]).not.toHaveProperty('parentId')
    expect(readFileSync(pathOf(host), 'utf8')).not.toMatch(/hunter2|SECRET/)
  }, 30_000)

  test('what is refused, with its code: also what is wrong in the configuration itself', async () => {
    const { host, runtime } = await open()
    const container = await host.container()
    failed(await runtime.add(container, logging(host, { mtu: 'big' })))
    failed(await runtime.add(container, logging(host, { ipam: { ranges: [] } })))
    failed(await runtime.add(container, logging(host), { ifname: 'lo', env: { TRACEPARENT: 'none' } }))
    const errors = logOf(host).filter(({ level }) => level === 'error')
    expect(errors).toMatchObject([
      { verb: 'ADD', outcome: 'failed', code: 7, error: expect.stringMatching(/^mtu: "big"/) },
      { verb: 'ADD', outcome: 'failed', code: 7, error: expect.stringMatching(/no ranges/) },
      { verb: 'ADD', outcome: 'failed', code: 103, ifName: 'lo' },
    ])
    for (const error of errors) expect(error.ms).toBeGreaterThan(0)
    expect(new Set(errors.map(({ traceId }) => traceId)).size).toBe(3)
  }, 30_000)

  test('levels: only failures, warnings too, every step, its commands', async () => {
    const { host, add, del } = await open()
    const container = await host.container()
    // What ADD cannot help it warns of: a firewall that refuses what comes by the bridge.
    await host.ok('nft', [
      'add table ip wall; add chain ip wall f { type filter hook forward priority 0; policy drop; }',
    ])
    const seen = async (logLevel: string) => {
      writeFileSync(pathOf(host), '')
      await add(container, logging(host, { logLevel }))
      await del(container, logging(host, { logLevel }))
      return logOf(host)
    }
    expect(await seen('error')).toEqual([])
    expect(await seen('warn')).toMatchObject([
      { level: 'warn', warning: expect.stringMatching(/web\.net-1/) },
    ])
    const debug = await seen('debug')
    const made = debug.find(({ step }) => /^create the veth pair/.test(step ?? ''))
    expect(made.commands[0]).toMatch(/^ip link add/)
    expect(made.step.split('; ')).toHaveLength(made.commands.length)
  }, 30_000)

  test('twenty at once: no line is torn, and none is lost', async () => {
    const { host, runtime } = await open()
    const containers = await host.containers(20)
    const all = await Promise.all(
      containers.map(one => runtime.add(one, logging(host, { logLevel: 'debug' }), { timeout: 90_000 })),
    )
    all.forEach(succeeded)
    const lines = logOf(host)
    for (const { id } of containers) {
      const mine = lines.filter(({ containerId }) => containerId === id)
      expect(mine[0]).toMatchObject({ step: 'configured' })
      expect(mine.at(-1)).toMatchObject({ outcome: 'done' })
      expect(mine.map(({ time }) => time)).toEqual(mine.map(({ time }) => time).sort())
    }
  }, 120_000)

  test('drawn: a call of the log, and what VETHWORK_TRACE says of a command', async () => {
    const { host, add } = await open()
    const container = await host.container()
    await add(container, logging(host))
    const drawn = await said(host, 'trace-time', pathOf(host))
    expect(drawn).toMatch(/^ADD web\.net-1 [\da-f]{12} eth0\nconfigured +\d+\.\d\d {2}[█▏]/)
    expect(drawn).toMatch(/\ncreate the bridge .*…? +\d+\.\d\d +[█▏]+\n[\s\S]*\nin all +\d+\.\d\d\n$/)
    const [call] = await json(host, 'trace-time', pathOf(host))
    expect(call.total).toBe(logOf(host).at(-1).ms)
    const { stderr } = await cli(host, ['ls'], { env: { VETHWORK_TRACE: '1' } })
    const traced = await cli(host, ['trace-time'], { input: stderr })
    expect(traced).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^started .*\nin all/) })
    expect(await cli(host, ['trace-time'], { input: 'nothing' })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^vethwork: stdin: no line of it is of a trace or a log/),
    })
  }, 30_000)

  test('a chain: every plugin of ours in the one file; what is there stays', async () => {
    const { host, add } = await open()
    const container = await host.container()
    appendFileSync(pathOf(host), '{"of":"somebody else"}\n')
    const { json: prevResult } = await add(container, logging(host))
    const chained = { ...logging(host), mode: 'chained', ipam: undefined, prevResult }
    await add(container, chained)
    const [first, ...rest] = logOf(host)
    expect(first).toEqual({ of: 'somebody else' })
    const ends = rest.filter(({ outcome }) => outcome)
    expect(ends).toHaveLength(2)
  }, 30_000)
})

ready('a log that cannot be written', () => {
  const broken: [what: string, logFile: (host: Host) => string, says: RegExp][] = [
    [
      'a directory that is not there',
      host => `${host.directory}/no/such.log`,
      /it does not exist \(ENOENT\)/,
    ],
    ['a directory', host => `${host.directory}/folder`, /it is a directory \(EISDIR\)/],
    ['a link', host => `${host.directory}/link`, /a symbolic link stands in its place \(ELOOP\)/],
    ['a pipe that nobody reads', host => `${host.directory}/pipe`, /cannot open .*ENXIO/],
    ["another user's", host => `${host.directory}/others`, /it is another user's/],
    ['a full disk', () => '/dev/full', /no space is left on the device \(ENOSPC\)/],
    ['journald where there is none', () => 'journald', /no journald is here|does not listen/],
  ]
  test.each(broken)(
    '%s: the verb goes on, and stderr is told once',
    async (_, fileOf, says) => {
      const { host, runtime } = await open()
      const container = await host.container()
      mkdirSync(`${host.directory}/folder`)
      writeFileSync(`${host.directory}/target`, '')
      symlinkSync('target', `${host.directory}/link`)
      writeFileSync(`${host.directory}/others`, '')
      chownSync(`${host.directory}/others`, 65534, 65534)
      await host.ok('mkfifo', [`${host.directory}/pipe`])
      const logFile = fileOf(host)
      if (logFile === 'journald' && existsSync('/run/systemd/journal/socket')) return
      const ran = await runtime.add(container, configOf('nat', 'v4', { logFile }))
      succeeded(ran)
      expect(ran.stderr).toMatch(says)
      expect(ran.stderr.split('\n')).toEqual([expect.stringMatching(/^vethwork: there is no log: /), ''])
      expect(readFileSync(`${host.directory}/target`, 'utf8')).toBe('')
    },
    30_000,
  )

  test('one that nobody could mean is refused', async () => {
    const { host, runtime } = await open()
    const container = await host.container()
    for (const logFile of ['vethwork.log', '/var/log/', '', 'journal'])
      expect(failed(await runtime.add(container, configOf('nat', 'v4', { logFile }))).msg).toMatch(
        /^logFile: .* must be the absolute path of a file, or 'journald'$/,
      )
    const wrong = configOf('nat', 'v4', { logFile: pathOf(host), logLevel: 'loud' })
    expect(failed(await runtime.add(container, wrong)).msg).toMatch(/^logLevel: "loud" must be one of/)
  }, 30_000)
})

/** As much of journald as takes datagrams, each a line of its file in base64. */
const journald = `
import base64, os, socket
os.makedirs('/run/systemd/journal', exist_ok=True)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('/run/systemd/journal/socket')
out = open('/run/entries', 'ab', buffering=0)
while True: out.write(base64.b64encode(s.recv(1 << 20)) + b'\\n')
`

given(
  requireRoot(),
  requireBuild(),
  requireTool('python3'),
)("systemd's journal", () => {
  let machine: Machine
  afterEach(() => machine?.dispose(), 60_000)

  test('an entry a line, with fields to look for', async () => {
    machine = await testMachine()
    machine.write('/run/journald.py', journald)
    const config = configOf('nat', 'v4', { logFile: 'journald' })
    machine.write('/run/config', config)
    const call = `CNI_COMMAND=STATUS CNI_PATH=/opt/cni/bin ${executable} </run/config`
    const script = `
      python3 /run/journald.py & server=$!
      for n in $(seq 100); do [ -S /run/systemd/journal/socket ] && break; sleep 0.05; done
      ${call}; status=$?
      for n in $(seq 100); do [ "$(wc -l </run/entries)" -ge 2 ] && break; sleep 0.05; done
      kill $server; exit $status`
    const ran = await machine.sh('bash', ['-c', script])
    expect({ ...ran, stdout: '' }).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    const entries = (await machine.ok('cat', ['/run/entries']))
      .trim()
      .split('\n')
      .map(line => Buffer.from(line, 'base64').toString())
    const fields =
      /^MESSAGE=(.*)\nPRIORITY=6\nSYSLOG_IDENTIFIER=vethwork\nVETHWORK_VERB=STATUS\nVETHWORK_NETWORK=web\.net-1\nVETHWORK_CONTAINER_ID=\n$/
    const messages = entries.map(entry => JSON.parse(fields.exec(entry)?.[1] ?? 'null'))
    expect(messages).toMatchObject([{ step: 'configured' }, { outcome: 'done' }])
  }, 60_000)
})
