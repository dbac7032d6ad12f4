// vethwork doctor, where a kernel with 802.1Q is needed: an uplink that is in another VLAN, or gone.
import { afterEach } from '@jest/globals'
import { inVlans } from '../helpers/breakages.ts'
import { diagnoses } from '../helpers/doctor.ts'
import { given, requireBuild, requireKernel, requireRoot } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
given(requireRoot(), requireBuild(), requireKernel('vlan'))('doctor', () => diagnoses(open, inVlans))
