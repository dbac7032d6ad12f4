// Networks that leave the host, of the kinds that need no kernel module that is missing in small kernels.
import { afterEach } from '@jest/globals'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'
import { native } from '../helpers/spanning-modes.ts'
import { proveAll } from '../helpers/spanning-suite.ts'

const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('tcpdump'),
  requireKernel('vxlan'),
  requireKernel('macvlan'),
)

proveAll(ready, scenes(afterEach), native, 300)
