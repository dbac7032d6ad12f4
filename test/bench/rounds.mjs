// The measurement: two hosts side by side, equally populated, taking turns.
import { clear, host, netns } from './arena.mjs'
import { call } from './contenders.mjs'

/** @param first the number of the first: no two have the same */
const containersOf = (paths, name, first) =>
  paths.map((path, i) => ({ id: `${name}-${i}`, netns: path, number: first + i }))

const inGroups = async (list, size, work) => {
  for (let i = 0; i < list.length; i += size) await Promise.all(list.slice(i, i + size).map(work))
}

/** A host of this contender on which `existing` containers live, and eight more wait. */
const populated = async (contender, existing) => {
  const place = { contender, host: host(), spare: containersOf(netns(8), 'measured', existing) }
  await inGroups(containersOf(netns(existing), 'existing', 0), 8, one =>
    call(contender, 'ADD', place.host, one),
  )
  return place
}

/**
 * The kernel goes on after a call: RCU, address detection, reports of multicast groups to all ports. What one contender has
 * left to do must not be measured as the other's: the random delays of RFC 4862 and RFC 3810 are a second.
 */
const calm = () => new Promise(done => setTimeout(done, 1100))

/** ADD, then DEL, of `together` containers at a time, each contender in turn; who begins alternates. */
const measure = async (places, together, rounds, tick) => {
  const samples = places.map(() => ({ ADD: [], DEL: [] }))
  for (let round = -1; round < rounds; round++) {
    const turns = round % 2 === 0 ? [...places.keys()] : [...places.keys()].reverse()
    for (const command of ['ADD', 'DEL']) {
      for (const index of turns) {
        const { contender, host, spare } = places[index]
        await calm()
        const begun = spare.slice(0, together).map(one => call(contender, command, host, one))
        const times = await Promise.all(begun)
        if (round >= 0) samples[index][command].push(...times) // the first round only warms up
      }
    }
    tick()
  }
  return samples
}

/** @returns rows {command, existing, together, times: one list a contender} */
export const measureAll = async ({ contenders, populations, plans, progress }) => {
  const rows = []
  for (const existing of populations) {
    progress(`${existing} containers: preparing`)
    const places = []
    for (const contender of contenders) places.push(await populated(contender, existing))
    for (const { together, rounds } of plans) {
      let done = 0
      const tick = () =>
        progress(`${existing} containers, ${together} at a time: round ${done++} of ${rounds}`)
      const samples = await measure(places, together, rounds, tick)
      for (const command of ['ADD', 'DEL'])
        rows.push({ command, existing, together, times: samples.map(one => one[command]) })
    }
    progress(`${existing} containers: removing`)
    clear()
  }
  return rows
}
