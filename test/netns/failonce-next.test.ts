// Another container of a network that is there: each step of its ADD fails once.
import { test } from '@jest/globals'
import { addOnWarmNetwork, kindsOf, networks, ready } from '../helpers/failonce.ts'
import { networkName } from '../helpers/modes.ts'

ready(`each step of ADD fails once (${networkName})`, () => {
  for (const [name, config] of Object.entries(networks))
    for (const kind of kindsOf(name)) test(`${name}: ${kind}`, () => addOnWarmNetwork(config, kind), 300_000)
})
