// vethwork doctor: what somebody broke by hand is named, with what to do; what is ours is healed.
import { afterEach } from '@jest/globals'
import { inCables } from '../helpers/breakages.ts'
import { diagnoses } from '../helpers/doctor.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireKernel('bridge'),
  requireTool('tc'),
)('doctor', () => diagnoses(open, inCables))
