// Who is measured: the same work in both configurations.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { timed } from './timed.mjs'

export const referenceDir = '/usr/lib/cni'
export const executable = process.env.VETHWORK_BIN ?? new URL('../../dist/vethwork', import.meta.url).pathname
export const isReference = statSync(executable).isDirectory() // the bench tried on the reference itself

export const work = { cniVersion: '1.0.0', name: 'bench', bridge: 'bench0', isGateway: true, ipMasq: true }
export const pool = { ranges: [[{ subnet: '10.90.0.0/22' }]], routes: [{ dst: '0.0.0.0/0' }] }

const reference = {
  title: 'reference',
  plugins: [
    {
      binary: `${referenceDir}/bridge`,
      config: directory => ({
        ...work,
        type: 'bridge',
        ipam: { ...pool, type: 'host-local', dataDir: join(directory, 'leases') },
      }),
    },
  ],
}
const vethwork = {
  title: 'vethwork',
  plugins: [
    {
      binary: executable,
      config: () => ({ ...work, type: 'vethwork', ipam: { ...pool, type: 'vethwork-ipam' } }),
    },
  ],
}

export const contenders = [isReference ? { ...reference, title: 'vethwork' } : vethwork, reference]

/** What each attachment's ADD gave, as a runtime keeps it for DEL. */
const results = new Map()

/** A verb through all plugins of a contender, one process after the other as a runtime has it: milliseconds. */
export const call = async ({ plugins }, command, host, container) => {
  const env = {
    PATH: process.env.PATH,
    CNI_COMMAND: command,
    CNI_CONTAINERID: container?.id ?? '',
    CNI_NETNS: container?.netns ?? '',
    CNI_IFNAME: 'eth0',
    CNI_PATH: referenceDir,
    VETHWORK_STATE_DIR: join(host.directory, 'state'),
  }
  const key = `${host.path} ${container?.id}`
  let [ms, prevResult] = [0, command === 'DEL' ? results.get(key) : undefined]
  for (const { binary, config } of command === 'DEL' ? plugins.toReversed() : plugins) {
    const input = JSON.stringify({ ...config(host.directory, container), prevResult })
    const ran = await timed(host.path, binary, [], { env, input })
    ms += ran.ms
    if (command === 'ADD') prevResult = JSON.parse(ran.stdout)
  }
  if (command === 'ADD') results.set(key, prevResult)
  return ms
}
