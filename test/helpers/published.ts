import { given, requireBuild, requireKernel, requireRoot, requireTool } from './requirements.ts'

/** Suites about ports are run, or say what is missing. */
export const withPorts = given(
  requireRoot(),
  requireBuild(),
  requireTool('nft'),
  requireTool('conntrack'),
  requireKernel('bridge'),
)
