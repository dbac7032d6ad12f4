// Each step of DEL fails once: the next one removes what is left.
import { test } from '@jest/globals'
import { delOnWarmNetwork, kinds, networks, ready } from '../helpers/failonce.ts'

ready('each step of DEL fails once', () => {
  for (const name of ['nat', 'local', 'published ports'] as const)
    for (const kind of kinds) test(`${name}: ${kind}`, () => delOnWarmNetwork(networks[name], kind), 300_000)
})
