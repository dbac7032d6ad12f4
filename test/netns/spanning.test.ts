// Networks that leave the host, of the kinds that need no kernel module that is missing in small kernels.
import { afterEach, test } from '@jest/globals'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'
import {
  isHeardOfNobodyElse,
  isSeenOnTheWire,
  leavesNothing,
  reachesAcross,
  survivesEachFault,
} from '../helpers/spanning.ts'
import { native } from '../helpers/spanning-modes.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('tcpdump'),
  requireKernel('vxlan'),
  requireKernel('macvlan'),
)

for (const [name, mode] of Object.entries(native))
  ready(name, () => {
    test(
      'containers of two hosts: both ways, with packets of full size',
      () => reachesAcross(open, mode),
      120_000,
    )
    test('as it looks on the wire', () => isSeenOnTheWire(open, mode), 60_000)
    if (mode.other)
      test('another one with the same subnet hears nothing', () => isHeardOfNobodyElse(open, mode), 120_000)
    test('ADD, CHECK, DEL, GC, prune: nothing is left', () => leavesNothing(open, mode), 120_000)
    test('each op fails once', () => survivesEachFault(open, mode), 300_000)
  })
