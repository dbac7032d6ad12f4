/** Whether the checksums of what a VXLAN carries may be left to the network card: where that goes wrong TCP stalls, for 63 s and more. */

/** What carries the tunnels. */
export interface Carrier {
  /** Drivers of the physical interfaces, as the kernel calls them. */
  readonly drivers: readonly string[]
  /** As uname(1) has it: `6.1.0-56-amd64`. */
  readonly kernel: string
}

interface Fault {
  readonly isIn: (carrier: Carrier) => boolean
  readonly words: (carrier: Carrier) => string
}

const faults: readonly Fault[] = [
  {
    // VMware's switch loses them on every port but its own (projectcalico/calico#4727); ping goes on to work.
    isIn: ({ drivers }) => drivers.includes('vmxnet3'),
    words: () => 'vmxnet3 loses segments in a VXLAN whose checksums it is to compute',
  },
  {
    // NAT wrote a sum where there was none; mended by commit ea64d8d6c675 (k3s-io/k3s#2013, flannel#1282).
    isIn: ({ kernel }) => isBefore(kernel, 5, 7),
    words: ({ kernel }) =>
      `with NAT Linux before 5.7 breaks the checksum around a VXLAN, and this is ${kernel}`,
  },
]

/** Why they are to be computed before packets enter the tunnel; undefined where nothing speaks against the card. */
export const checksumFault = (carrier: Carrier): string | undefined =>
  faults.find(({ isIn }) => isIn(carrier))?.words(carrier)

/** Whether they are: because of such a fault, or because somebody wants it so. */
export const computesItself = (conf: { readonly txChecksum?: boolean; readonly checksumFault?: string }) =>
  conf.txChecksum === false || conf.checksumFault !== undefined

const isBefore = (kernel: string, major: number, minor: number) => {
  const [a = 0, b = 0] = kernel.split('.').map(part => Number.parseInt(part, 10))
  return a < major || (a === major && b < minor)
}
