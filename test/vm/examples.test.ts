// The examples that the kernel at hand may not be able to run.
import { expect, test } from '@jest/globals'
import { expectProof, play } from '../helpers/example.ts'

test.each(['vlan', 'gre'])(
  '%s',
  async name => {
    const ran = await play(name)
    expect(ran.stdout).not.toContain('cannot run')
    expectProof(name, ran)
  },
  120_000,
)
