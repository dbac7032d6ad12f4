// Every example: it proves what it says, prints what its README shows, ends in seconds, and leaves nothing on this machine.
// UPDATE_EXAMPLES=1 writes what they print into their READMEs.
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { CANNOT, examples, expectProof, play } from '../helpers/example.ts'
import { executable } from '../helpers/plugins.ts'
import { given, requireBuild, requireFile, requireRoot, requireTool } from '../helpers/requirements.ts'
import { must, run } from '../helpers/run.ts'

const names = readdirSync(examples, { withFileTypes: true }).flatMap(one =>
  one.isDirectory() ? [one.name] : [],
)

let directory: string
let before: string[]
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), `vwt-${process.pid}-`))
  before = await machine()
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** What an example must not change: names of links and rules. Namespaces of tests come and go. */
const machine = async () => {
  const { stdout: links } = await must('ip', ['-j', 'link'])
  const { stdout: netns } = await must('ip', ['netns'])
  const { stdout: rules } = await run('nft', ['--stateless', 'list', 'ruleset'])
  const named = JSON.parse(links).map(({ ifname }: { ifname: string }) => ifname)
  return [...named, ...netns.split('\n').filter(line => !line.startsWith('vwt-')), rules]
}

const nothingIsLeft = async () => {
  expect(readdirSync(directory)).toEqual([])
  expect(await machine()).toEqual(before)
}

const ready = given(
  requireRoot(),
  requireBuild(),
  requireFile('/usr/lib/cni/portmap'),
  ...['unshare', 'ping', 'nft', 'sysctl', 'iptables', 'tcpdump'].map(requireTool),
)

ready('examples', () => {
  test('are there', () => expect(names).toContain('docker-bridge'))

  test.each(names)(
    '%s',
    async name => {
      const ran = await play(name, { TMPDIR: directory })
      await nothingIsLeft()
      if (CANNOT.test(ran.stdout)) {
        expect(ran).toMatchObject({ exitCode: 0, stderr: '' })
        expect(['vlan', 'gre']).toContain(name)
      } else expectProof(name, ran)
    },
    120_000,
  )

  test('a proof that fails makes an example fail', async () => {
    // A ping that always says yes.
    mkdirSync(join(directory, 'bin'))
    const ping = join(directory, 'bin', 'ping')
    writeFileSync(ping, '#!/bin/sh\n')
    chmodSync(ping, 0o755)
    const ran = await play('docker-bridge', {
      TMPDIR: directory,
      PATH: `${directory}/bin:${process.env.PATH}`,
    })
    rmSync(join(directory, 'bin'), { recursive: true })
    expect(ran.exitCode).toBe(1)
    expect(ran.stdout).toContain('✗ ns0 does not reach 198.51.100.2')
    expect(ran.stdout).not.toContain('all as it should be')
    await nothingIsLeft()
  }, 60_000)

  test('Ctrl-C in the middle leaves nothing', async () => {
    const child = spawn(`${examples}local/run.sh`, {
      env: { ...process.env, VETHWORK_BIN: executable, TMPDIR: directory },
      detached: true, // a process group of its own, as a terminal has it
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = new Promise<number | null>(resolve => child.on('close', resolve))
    await new Promise<void>(resolve => {
      let said = ''
      child.stdout.on('data', chunk => {
        said += chunk
        if (said.includes('Proof, by packets')) resolve()
      })
      child.on('close', () => resolve())
    })
    process.kill(-child.pid!, 'SIGINT')
    expect(await ended).not.toBe(0)
    await nothingIsLeft()
  }, 60_000)
})
