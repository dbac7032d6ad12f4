// Ports, groups, anti-spoofing and rates on a VXLAN of two hosts.
import { afterEach, test } from '@jest/globals'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'
import { native } from '../helpers/spanning-modes.ts'
import { guardsAcross, publishesAnycast, publishesAtGatewayHost } from '../helpers/spanning-services.ts'

const open = scenes(afterEach)
const ready = given(
  requireRoot(),
  requireBuild(),
  requireTool('tcpdump'),
  requireTool('conntrack'),
  requireKernel('vxlan'),
  requireKernel('ifb'),
)
const vxlan = native['vxlan, peers']!

ready('vxlan', () => {
  test('published, each host being the gateway of its own', () => publishesAnycast(open, vxlan), 60_000)
  test('published, one host being the gateway of all', () => publishesAtGatewayHost(open, vxlan), 60_000)
  test('groups, anti-spoofing and rates, from the other host', () => guardsAcross(open, vxlan), 90_000)
})
