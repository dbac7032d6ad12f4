/** Each breakage: doctor names it, heals it or says the command, and is quiet again. */
import { mkdirSync, symlinkSync, unlinkSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { Breakage } from './breakages.ts'
import { cli } from './cli.ts'
import { listen } from './packets.ts'
import { isStopped, type Place, passes } from './places.ts'
import { byPrograms, executable } from './plugins.ts'
import type { Open } from './spanning.ts'

export interface FindingSeen {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'note'
  readonly object: string
  readonly what: string
  readonly why: string
  readonly fix: string
  readonly thread?: string
  readonly fixable: boolean
}

/** Runtimes of this host look for plugins in a directory of its own; other variables as the network was made with. */
const envOf = ({ binDir, env }: Pick<Place, 'binDir' | 'env'>) => ({ ...env, CNI_PATH: binDir })

/** What is noted on every host whose driver is the slower one: the tests run with both. */
export const ofTheDriver = byPrograms ? ['driver-iproute2'] : []

/** Its findings but for notes, and what it did. */
export const examined = async (place: Pick<Place, 'host' | 'binDir' | 'env'>, ...flags: string[]) => {
  const { stdout, stderr, exitCode } = await cli(place.host, ['doctor', '--json', ...flags], {
    env: envOf(place),
  })
  if (exitCode > 1 || !stdout) throw new Error(`doctor ended with ${exitCode}: ${stderr}`)
  const {
    findings,
    done = [],
    driver,
  } = JSON.parse(stdout) as {
    driver: string
    findings: FindingSeen[]
    done?: { words: string; command: string }[]
  }
  const troubles = findings.filter(({ severity }) => severity !== 'note')
  expect({ exitCode, stderr }).toEqual({ exitCode: troubles.length ? 1 : 0, stderr: '' })
  return { troubles, done, driver, notes: findings.filter(({ severity }) => severity === 'note') }
}

const briefly = (all: readonly FindingSeen[]) => all.map(({ id, what }) => `${id}: ${what}`)

/** Types what it says, as somebody at the host's shell. */
const type = async ({ host, binDir, env }: Place, command: string) => {
  const directory = `${host.directory}/path`
  mkdirSync(directory, { recursive: true })
  symlinkSync(executable, `${directory}/vethwork`)
  const PATH = `${directory}:${process.env.PATH}`
  await host.ok('sh', ['-ec', command], {
    env: { ...env, PATH, CNI_PATH: binDir, CNI_COMMAND: undefined, VETHWORK_STATE_DIR: host.stateDir },
  })
  unlinkSync(`${directory}/vethwork`)
}

const isDiagnosed = async (open: Open, { at, by, id, names, healed, stops }: Breakage) => {
  const place = await at(open)
  try {
    if (stops?.port) place.services.push(await listen(place.one, 80))
    if (stops) expect(await passes(place, stops)).toBe(true)
    await by(place)
    if (stops) expect(await isStopped(place, stops)).toBe(true)

    const { troubles } = await examined(place)
    const found = troubles.find(one => one.id === id && `${one.object} ${one.what}`.includes(names(place)))
    expect({ id, found: found?.id, among: briefly(troubles) }).toMatchObject({ found: id })
    expect(found!.fixable).toBe(healed === 'fix')
    expect([found!.why, found!.fix].every(Boolean)).toBe(true)
    const still = (all: readonly FindingSeen[]) => briefly(all.filter(one => one.id === id))
    if (healed === 'fix') {
      expect((await examined(place, '--fix')).done.length).toBeGreaterThan(0)
    }
    if (healed === 'command') await type(place, found!.fix)
    if (healed === 'told') return
    if (stops) expect(await passes(place, stops)).toBe(true)
    expect(
      healed === 'fix' ? briefly((await examined(place)).troubles) : still((await examined(place)).troubles),
    ).toEqual([])
  } finally {
    for (const service of place.services) await service.stop()
  }
}

/** One test for each. */
export const diagnoses = (open: Open, breakages: Readonly<Record<string, Breakage>>) => {
  for (const [name, one] of Object.entries(breakages))
    if (!(one.asks && byPrograms)) test(name, () => isDiagnosed(open, one), 60_000)
}
