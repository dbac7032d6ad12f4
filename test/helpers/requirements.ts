import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter } from 'node:path'
import { describe } from '@jest/globals'
import { executable } from './plugins.ts'

/** What is missing, in words; undefined when nothing is. */
export type Requirement = string | undefined

export const requireRoot = (): Requirement =>
  process.getuid?.() === 0 ? undefined : 'root: network namespaces cannot be made without it'

export const requireTool = (tool: string): Requirement => {
  const places = `${process.env.PATH}:/usr/sbin:/sbin`.split(delimiter)
  return places.some(place => existsSync(`${place}/${tool}`)) ? undefined : `the program ${tool}`
}

export const requireFile = (path: string): Requirement => (existsSync(path) ? undefined : path)

/** The executable under test. */
export const requireBuild = (): Requirement =>
  existsSync(executable) ? undefined : `${executable}: run \`npm run build\``

const needed: Readonly<Record<string, string>> = {
  vlan: 'id 2',
  vxlan: 'id 2 dstport 4789',
  // Without a peer there is only one in a namespace, and it is there already.
  gretap: 'local 192.0.2.1 remote 192.0.2.2',
  ip6gretap: 'local 2001:db8::1 remote 2001:db8::2',
}

/** `kind` is a type of `ip link add`: bridge, veth, vxlan, macvlan, … */
export const requireKernel = (kind: string): Requirement => {
  const name = `vwt-${process.pid}-probe`
  const master = ['macvlan', 'ipvlan', 'vlan'].includes(kind)
  const options = needed[kind] ?? ''
  const trial = master ? 'ip link add p0 type veth && ip link add link p0' : 'ip link add'
  const script = `ip netns add ${name} && nsenter --net=/run/netns/${name} sh -c '${trial} t0 type ${kind} ${options}'
    status=$?; ip netns del ${name}; exit $status`
  try {
    execFileSync('sh', ['-c', script], { stdio: 'ignore' })
    return undefined
  } catch {
    return `the kernel's ${kind} devices`
  }
}

/**
 * `given(requireRoot(), requireTool('nft'))('what', () => …)`: a `describe` that is skipped, and says so loudly,
 * when something is missing. Under CI nothing is skipped: it fails.
 */
export const given = (...requirements: Requirement[]): typeof describe.skip => {
  const missing = requirements.filter(requirement => requirement !== undefined)
  if (missing.length === 0) return describe
  const complaint = `MISSING: ${missing.join('; ')}`
  if (process.env.CI === 'true') throw new Error(`${complaint}. Under CI no test is skipped.`)
  process.stderr.write(`\n*** SKIPPED TESTS, ${complaint} ***\n\n`)
  return describe.skip
}
