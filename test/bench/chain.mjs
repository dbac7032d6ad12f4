// Who is measured with --chain: what a Kubernetes or podman network has, by one plugin, and by five after each other.
import { join } from 'node:path'
import { executable, isReference, pool, referenceDir, work } from './contenders.mjs'

const MBIT = 1e6
const rates = {
  ingressRate: 100 * MBIT,
  ingressBurst: 10 * MBIT,
  egressRate: 100 * MBIT,
  egressBurst: 10 * MBIT,
}
const ingressPolicy = 'same-bridge'
const sysctl = { 'net.core.somaxconn': '512' }

/** Each container has ports of the host. */
const published = ({ number }, count = 1) => ({
  portMappings: Array.from({ length: count }, (_, n) => ({
    hostPort: 20000 + count * number + n,
    containerPort: 80 + n,
    protocol: 'tcp',
  })),
})

const plugin = (type, config) => ({
  binary: `${referenceDir}/${type}`,
  config: (directory, container) => ({ ...work, type, ...config(directory, container) }),
})

const reference = {
  title: 'reference',
  plugins: [
    plugin('bridge', directory => ({
      ipam: { ...pool, type: 'host-local', dataDir: join(directory, 'leases') },
    })),
    plugin('portmap', (_, container) => ({ runtimeConfig: published(container) })),
    plugin('firewall', () => ({ ingressPolicy })),
    plugin('bandwidth', () => rates),
    plugin('tuning', () => ({ sysctl })),
  ],
}

/** Ours, with so many ports a container. */
export const withPorts = count => ({
  title: 'vethwork',
  plugins: [
    {
      binary: executable,
      config: (_, container) => ({
        ...work,
        type: 'vethwork',
        ipam: { ...pool, type: 'vethwork-ipam' },
        ingressPolicy,
        ...rates,
        sysctl,
        runtimeConfig: published(container, count),
      }),
    },
  ],
})

export const chains = [isReference ? { ...reference, title: 'vethwork' } : withPorts(1), reference]
