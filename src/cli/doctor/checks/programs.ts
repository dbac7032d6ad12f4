/** Programs: ours where runtimes look for it, those that networks need, those that take interfaces over, and our rights. Pure. */

import { type Finding, finding } from '../finding.ts'
import type { HostSeen } from '../host.ts'

export const rights = ({ lacks }: HostSeen): Finding[] =>
  lacks ? [finding('rights-missing', { object: 'doctor', what: lacks, fix: 'sudo vethwork doctor' })] : []

export const programs = ({
  missingTools,
  plugins,
  version,
  meddlers,
  byPrograms,
  isSlow,
}: HostSeen): Finding[] => [
  ...missingTools.map(({ tool, needs }) =>
    finding('tool-missing', {
      object: tool,
      what: `'${tool}' is not installed; needed for: ${needs}`,
      fix: `apt-get install ${packages[tool] ?? tool}`,
    }),
  ),
  ...plugins.map(one =>
    finding('plugin-differs', {
      object: one.path,
      what: `${one.path} is another executable (${one.version}) than this one (${version})`,
      fix: `vethwork install --bin-dir ${one.path.replace(/\/[^/]*$/, '')}`,
    }),
  ),
  ...meddlers.map(daemon =>
    finding('daemon-takes-over', {
      object: daemon,
      what: `${daemon} runs here and was not told to leave our interfaces alone`,
      fix: 'vethwork install',
    }),
  ),
  ...(byPrograms
    ? [
        finding('driver-iproute2', {
          object: 'doctor',
          what: `we speak with the kernel by programs (ip, bridge, tc, nft), not by netlink: ${byPrograms}`,
          fix: 'nothing must be done',
        }),
      ]
    : isSlow
      ? [
          finding('engine-bun', {
            object: 'doctor',
            what: 'this executable was built without QuickJS: CNI calls are answered by Bun',
            fix: 'nothing must be done',
          }),
        ]
      : []),
]

/** Debian's. */
const packages: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  nft: 'nftables',
  ip6tables: 'iptables',
  nsenter: 'util-linux',
}
