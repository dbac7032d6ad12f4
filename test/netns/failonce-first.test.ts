// The first container of its network on a host: each step of its ADD fails once.
import { test } from '@jest/globals'
import { addOnVirginHost, kindsOf, networks, ready } from '../helpers/failonce.ts'
import { networkName } from '../helpers/modes.ts'

ready(`each step of ADD fails once (${networkName})`, () => {
  for (const [name, config] of Object.entries(networks))
    for (const kind of kindsOf(name)) test(`${name}: ${kind}`, () => addOnVirginHost(config, kind), 300_000)
})
