// An example played, and what its README says that it prints.
import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from '@jest/globals'
import { executable } from './plugins.ts'
import { type Ran, run } from './run.ts'

export const examples = new URL('../../examples/', import.meta.url).pathname

export const play = (name: string, env: Record<string, string> = {}) =>
  run(`${examples}${name}/run.sh`, [], {
    env: { VETHWORK_BIN: executable, VETHWORK_STATE_DIR: undefined, ...env },
    timeout: 110_000,
  })

/** What it says where the kernel lacks what it shows: `vlan` and `gre` then run in a virtual machine (test/vm). */
export const CANNOT = /^cannot run on this kernel: needs (802\.1Q|GRE \(gretap\))\n$/

const OUTPUT = /(?<=\n```text\n)[\s\S]*?(?=```\n)/

/** It proved everything, and its README shows what it prints. UPDATE_EXAMPLES=1 writes that instead. */
export const expectProof = (name: string, ran: Ran) => {
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' })
  expect(ran.stdout).toContain('✓ all as it should be')
  expect(ran.stdout).not.toContain('✗')
  const file = `${examples}${name}/README.md`
  const readme = readFileSync(file, 'utf8')
  expect(readme).toMatch(OUTPUT)
  const printed = ran.stdout.trimStart()
  if (process.env.UPDATE_EXAMPLES)
    writeFileSync(
      file,
      readme.replace(OUTPUT, () => printed),
    )
  else expect(readme.match(OUTPUT)?.[0]).toBe(printed)
}
