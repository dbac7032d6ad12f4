/** The networks that the clients' tests use. containerd 1.6 and podman 4.3 refuse cniVersion 1.1.0. */
export interface Network {
  readonly title: string
  readonly name: string
  readonly gateway: string
  /** Only vethwork can serve it. */
  readonly own: boolean
  readonly conflist: {
    readonly cniVersion: string
    readonly name: string
    readonly plugins: readonly object[]
  }
}

const byReferenceName: Network = {
  title: 'as "bridge" and "host-local"',
  name: 'named',
  gateway: '10.77.0.1',
  own: false,
  conflist: {
    cniVersion: '1.0.0',
    name: 'named',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni-named0',
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: '10.77.0.0/24' }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  },
}

export const natNetwork: Network = {
  title: 'as "vethwork" with mode nat',
  name: 'web',
  gateway: '10.78.0.1',
  own: true,
  conflist: {
    cniVersion: '1.0.0',
    name: 'web',
    plugins: [{ type: 'vethwork', mode: 'nat', ipam: { type: 'vethwork-ipam', subnet: '10.78.0.0/24' } }],
  },
}

export const networks: readonly Network[] = [byReferenceName, natNetwork]
