// Who is measured: the same work in both configurations.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { timed } from './timed.mjs'

const referenceDir = '/usr/lib/cni'
const executable = process.env.VETHWORK_BIN ?? new URL('../../dist/vethwork', import.meta.url).pathname
const isReference = statSync(executable).isDirectory() // the bench tried on the reference itself

const work = { cniVersion: '1.0.0', name: 'bench', bridge: 'bench0', isGateway: true, ipMasq: true }
const pool = { ranges: [[{ subnet: '10.90.0.0/22' }]], routes: [{ dst: '0.0.0.0/0' }] }

const reference = {
  title: 'reference',
  binary: `${referenceDir}/bridge`,
  config: directory => ({
    ...work,
    type: 'bridge',
    ipam: { ...pool, type: 'host-local', dataDir: join(directory, 'leases') },
  }),
}
const vethwork = {
  title: 'vethwork',
  binary: executable,
  config: () => ({ ...work, type: 'vethwork', ipam: { ...pool, type: 'vethwork-ipam' } }),
}

export const contenders = [isReference ? { ...reference, title: 'vethwork' } : vethwork, reference]

/** One whole process of a contender: milliseconds. */
export const call = ({ binary, config }, command, host, container) => {
  const env = {
    PATH: process.env.PATH,
    CNI_COMMAND: command,
    CNI_CONTAINERID: container?.id ?? '',
    CNI_NETNS: container?.netns ?? '',
    CNI_IFNAME: 'eth0',
    CNI_PATH: referenceDir,
    VETHWORK_STATE_DIR: join(host.directory, 'state'),
  }
  return timed(host.path, binary, [], { env, input: JSON.stringify(config(host.directory)) })
}
