// What tests in this folder need of the kernel, found out in a network namespace that nobody else has.
import { spawnSync } from 'node:child_process'

/** Each as `ip` lines; v0 is a veth. */
const features = {
  'VLAN (802.1Q)': 'link add dev t0 link v0 type vlan id 2',
  'VLAN-aware bridge': 'link add dev t0 type bridge vlan_filtering 1',
  gretap: 'link add dev t0 type gretap local 192.0.2.1 remote 192.0.2.2 key 1',
  vxlan: 'link add dev t0 type vxlan id 2 dstport 4789',
  macvlan: 'link add dev t0 link v0 type macvlan mode bridge',
  ipvlan: 'link add dev t0 link v0 type ipvlan mode l2',
  dummy: 'link add dev t0 type dummy',
}

/** The names of those that this machine's kernel lacks. */
export const missingFeatures = () => {
  const script = [
    'ip link add v0 type veth peer name v1 || exit 1',
    ...Object.values(features).map((line, n) => `ip ${line} 2>/dev/null && ip link del t0 && echo ${n}`),
    'exit 0',
  ]
  const { status, stdout, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', script.join('\n')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`no network namespace to try things in: ${stderr}`)
  const there = stdout.split('\n')
  return Object.keys(features).filter((_, n) => !there.includes(String(n)))
}
