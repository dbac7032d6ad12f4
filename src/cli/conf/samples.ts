/** New configurations, from few answers. Pure. */

import type { Mode } from '../../networks/network.ts'

/** Modes a person may choose; without any is the reference bridge. */
export const modes = [
  'nat',
  'local',
  'flat',
  'vlan',
  'vxlan',
  'gre',
  'macvlan',
  'ipvlan',
] as const satisfies Mode[]
export type SampleMode = (typeof modes)[number]

export interface Answers {
  readonly name: string
  readonly mode: SampleMode
  readonly subnet: readonly string[]
  readonly bridge?: string
  readonly gateway?: string
  readonly master?: string
  readonly vlanId?: number
  readonly vni?: number
  readonly group?: string
  readonly peers?: readonly string[]
  readonly key?: number
  readonly mtu?: number
}

export interface Question {
  readonly field: keyof Answers
  readonly asks: string
  /** Of which modes it is asked; all without it. */
  readonly of?: readonly SampleMode[]
  readonly otherwise?: string
  /** It may stay empty. */
  readonly optional?: boolean
}

const onMaster = ['flat', 'vlan', 'vxlan', 'gre', 'macvlan', 'ipvlan'] as const

/** In the order in which they are asked on a terminal. */
export const questions: readonly Question[] = [
  { field: 'name', asks: "the network's name", otherwise: 'web' },
  { field: 'mode', asks: `its mode (${modes.join(', ')})`, otherwise: 'nat' },
  { field: 'subnet', asks: 'its subnets, with commas between', otherwise: '10.22.0.0/24' },
  { field: 'master', asks: 'the interface that leads out', of: onMaster, otherwise: 'eth0' },
  { field: 'vlanId', asks: 'the VLAN ID, 1-4094', of: ['vlan'] },
  { field: 'vni', asks: 'the VNI, 1-16777215', of: ['vxlan'] },
  { field: 'group', asks: 'the multicast group of the underlay', of: ['vxlan'], optional: true },
  { field: 'peers', asks: "the hosts' addresses, with commas between", of: ['gre'] },
  { field: 'key', asks: 'the key of the tunnels', of: ['gre'], otherwise: '0' },
]

/** The questions that these answers still leave open. */
export const open = (answers: Partial<Answers>): Question[] =>
  questions.filter(
    ({ field, of }) =>
      answers[field] === undefined && (!of || (answers.mode !== undefined && of.includes(answers.mode))),
  )

/** One plugin, as a file `.conf` has it. */
export const plugin = ({ name, mode, subnet, gateway, ...rest }: Answers): object => ({
  cniVersion: '1.1.0',
  name,
  type: 'vethwork',
  mode,
  ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
  ...(gateway === undefined
    ? { subnet: subnet.length === 1 ? subnet[0] : subnet }
    : { ipam: { ranges: subnet.map((one, n) => [n ? { subnet: one } : { subnet: one, gateway }]) } }),
})

/** A list, which runtimes prefer; with what of the runtime's wishes the plugin serves by itself. */
export const list = (answers: Answers): object => {
  const { cniVersion: _, name, ...own } = plugin(answers) as Record<string, unknown>
  const capabilities = { ips: true, mac: true, ...(own.mode === 'nat' ? { portMappings: true } : {}) }
  // containerd before 2 and podman 4 refuse 1.1.0; those that know it read the second field, and take the newest.
  return { cniVersion: '1.0.0', cniVersions: ['1.0.0', '1.1.0'], name, plugins: [{ ...own, capabilities }] }
}

export const written = (json: object) => `${JSON.stringify(json, null, 2)}\n`
