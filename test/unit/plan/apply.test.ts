// Every op fails once: on a machine in memory, for every kind of network, nothing is left behind.
import { describe, expect, test } from '@jest/globals'
import { apply, applyAll, batches } from '../../../src/plan/apply.ts'
import { words } from '../../../src/plan/explain.ts'
import { plan, planRemoval } from '../../../src/plan/plan.ts'
import { descriptions, virgin } from '../../helpers/descriptions.ts'
import { type FakeMachine, fakeMachine } from '../../helpers/fakemachine.ts'

/** The first of a network makes all; the second finds what is shared. */
const starts = (name: string) => {
  const desired = descriptions[name]!
  const shared = desired.filter(({ scope }) => scope === 'network')
  return { desired, shared }
}

describe.each(Object.keys(descriptions))('%s', name => {
  const { desired, shared } = starts(name)
  const made = async () => {
    const machine = fakeMachine(virgin)
    await apply(plan(desired, virgin), machine)
    return machine.observed()
  }

  test('after ADD nothing is to be done', async () => {
    expect(plan(desired, await made())).toEqual([])
  })

  test('each op fails once: as before', async () => {
    const steps = plan(desired, virgin)
    for (const [n, { op }] of steps.entries()) {
      const machine = fakeMachine(virgin, at => at === n)
      await expect(apply(steps, machine)).rejects.toThrow(`cannot ${words(op)}: told to fail`)
      expect({ n, left: machine.observed() }).toEqual({ n, left: virgin })
    }
    expect(steps.length).toBeGreaterThan(4)
  })

  test('each op fails once where the network is there: as before', async () => {
    const machine = fakeMachine(virgin)
    await apply(plan(shared, virgin), machine)
    const warm = machine.observed()
    const steps = plan(desired, warm)
    for (const n of steps.keys()) {
      const one = fakeMachine(warm, at => at === n)
      await expect(apply(steps, one)).rejects.toThrow('told to fail')
      expect({ n, left: one.observed() }).toEqual({ n, left: warm })
    }
    expect(steps.length).toBeGreaterThanOrEqual(2)
  })

  test('DEL leaves what is shared, and removing that leaves nothing but the host’s forwarding', async () => {
    const machine = fakeMachine(virgin)
    await apply(plan(shared, virgin), machine)
    const warm = machine.observed()
    await apply(plan(desired, warm), machine)
    await removeAll(
      machine,
      desired.filter(({ scope }) => scope === 'attachment'),
    )
    expect(without(machine.observed())).toEqual(without(warm))
    await removeAll(machine, shared)
    expect(without(machine.observed())).toEqual(without(virgin))
  })

  test('DEL goes on after each op that fails, and a second one finishes', async () => {
    const steps = plan(desired, virgin)
    const removal = planRemoval(desired, await made())
    for (const [n, { op }] of removal.entries()) {
      const machine = fakeMachine(virgin, at => at === steps.length + n)
      await apply(steps, machine)
      // What builds on it fails as well: a chain that is not empty cannot be deleted.
      const { message, details } = await applyAll(removal, machine).catch(error => error)
      expect(`${message} ${details}`).toContain(`cannot ${words(op)}: told to fail`)
      expect({ n, given: machine.given.length }).toEqual({ n, given: steps.length + removal.length })
      await removeAll(machine, desired)
      expect(without(machine.observed())).toEqual(without(virgin))
    }
    expect(removal.length).toBeGreaterThan(0)
  })
})

const removeAll = (machine: FakeMachine, desired: Parameters<typeof planRemoval>[0]) =>
  applyAll(planRemoval(desired, machine.observed()), machine)

/** Without what is the host's and stays: sysctls; and without the container, which is gone. */
const without = (observed: ReturnType<FakeMachine['observed']>) => ({
  ...observed,
  links: new Map([...observed.links].filter(([key]) => !key.endsWith('\nlo'))),
  sysctls: new Map(),
})

test('what undoing could not do is said as well', async () => {
  const steps = plan(descriptions['nat-v4']!, virgin)
  const last = steps.length - 1
  const machine = fakeMachine(virgin, n => n >= last)
  await expect(apply(steps, machine)).rejects.toMatchObject({
    message: expect.stringContaining(words(steps[last]!.op)),
    details: expect.stringMatching(/and undoing it: .*failed/),
  })
})

test('steps in a row of one tool and one namespace are one batch', () => {
  const steps = plan(descriptions['nat-dual']!, virgin)
  const grouped = batches(steps)
  expect(grouped.flatMap(({ ops }) => ops)).toEqual(steps.map(({ op }) => op))
  for (const [n, { tool, netns }] of grouped.entries()) {
    const next = grouped[n + 1]
    expect(next && next.tool === tool && next.netns === netns).toBeFalsy()
  }
})
