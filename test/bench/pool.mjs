// What an address costs where nearly all of a large pool is leased, beside an empty one.
import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { clear, host } from './arena.mjs'
import { bun } from './bun.mjs'
import { executable } from './contenders.mjs'
import { timed } from './timed.mjs'

const LEASES = 60_000
const subnet = '10.90.0.0/16'

/** Leases as ADD writes them, at once: one after the other would take half an hour. */
const fill = dataDir => {
  const filler = new URL('./fill.ts', import.meta.url).pathname
  execFileSync(bun, [filler, join(dataDir, 'bench'), String(LEASES)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

const addresses = async (place, dataDir, rounds) => {
  const ipam = join(place.directory, 'vethwork-ipam')
  const call = async (command, n) => {
    const env = {
      PATH: process.env.PATH,
      CNI_COMMAND: command,
      CNI_CONTAINERID: `new${n}`,
      CNI_NETNS: place.path,
      CNI_IFNAME: 'eth0',
      CNI_PATH: place.directory,
    }
    const config = {
      cniVersion: '1.0.0',
      name: 'bench',
      type: 'any',
      ipam: { type: 'vethwork-ipam', subnet, dataDir },
    }
    return (await timed(place.path, ipam, [], { env, input: JSON.stringify(config) })).ms
  }
  const times = []
  for (let n = -1; n < rounds; n++) {
    const ms = await call('ADD', n)
    await call('DEL', n)
    if (n >= 0) times.push(ms) // the first round only warms up
  }
  return times
}

/** @returns rows {what, times} */
export const measurePools = async (rounds, progress) => {
  const place = host()
  symlinkSync(executable, join(place.directory, 'vethwork-ipam'))
  const [empty, full] = ['empty', 'full'].map(name => join(place.directory, name))
  progress(`${LEASES} leases: preparing`)
  fill(full)
  progress(`${LEASES} leases`)
  const rows = [
    { what: 'no leases', times: await addresses(place, empty, rounds) },
    { what: `${LEASES.toLocaleString('en')} leases`, times: await addresses(place, full, rounds) },
  ]
  clear()
  return rows
}
