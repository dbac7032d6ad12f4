/** A topology with the ports that its containers have on the host's addresses. Pure. */

import type { AttachmentSeen } from '../../linux/attachments.ts'
import type { Topology } from '../../linux/topology.ts'
import { portWords } from '../words.ts'

export const withPublished = (topology: Topology, attachments: readonly AttachmentSeen[]): Topology => {
  const published = (network: string, id: string, ifname: string) =>
    attachments
      .filter(({ owner }) => owner.network === network && owner.containerId === id && owner.ifname === ifname)
      .flatMap(({ wants }) => wants.ports.map(portWords))
  return {
    ...topology,
    networks: topology.networks.map(network => ({
      ...network,
      ports: network.ports.map(port => {
        const { container } = port
        const ports = container ? published(network.name, container.id, container.ifname) : []
        return container && ports.length ? { ...port, container: { ...container, published: ports } } : port
      }),
    })),
  }
}
