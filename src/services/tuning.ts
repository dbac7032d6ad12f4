/**
 * What is set on the container's interface and in its namespace (tuning). Of an interface that another plugin made the
 * attachment's end is not the interface's: what was there before is set back.
 */

import type { NetConf } from '../networks/network.ts'
import type { Desired } from '../plan/kinds/index.ts'
import type { Settings } from '../plan/kinds/linkwords.ts'
import type { Service } from './service.ts'

export const tuning: Service = {
  plug(conf, { owner, netns, originals }) {
    if (!netns) return []
    const common = { scope: 'attachment', netns } as const
    const { ifname } = owner
    const settings = settingsOf(conf)
    const values = { ...originals?.sysctls, ...inTermsOf(ifname, conf.sysctl) }
    const isAny = originals || Object.values(settings).some(value => value !== undefined)
    return [
      ...(isAny
        ? [
            {
              ...common,
              kind: 'link',
              name: ifname,
              type: 'given',
              settings,
              before: originals?.settings,
              why: 'mac, mtu, txQLen, promisc, allmulti',
            } satisfies Desired,
          ]
        : []),
      ...Object.entries(values).map(
        ([key, value]): Desired => ({
          ...common,
          kind: 'sysctl',
          key,
          value,
          dev: key.split('/').includes(ifname) ? ifname : undefined,
          optional: false,
          before: originals?.sysctls[key],
          why: 'sysctl',
        }),
      ),
    ]
  },
}

/** MAC and MTU of an interface of ours are set when it is made. */
const settingsOf = ({ mode, mac, mtu, txQLen, promisc, allmulti }: NetConf): Settings => ({
  ...(mode === 'chained' ? { mac: mac || undefined, mtu: mtu || undefined } : {}),
  txQLen,
  promisc: promisc || undefined,
  allmulti,
})

const inTermsOf = (ifname: string, sysctl: NetConf['sysctl']) =>
  Object.fromEntries(
    Object.entries(sysctl).map(([key, value]) => [
      key
        .split('/')
        .map(part => (part === 'IFNAME' ? ifname : part))
        .join('/'),
      value,
    ]),
  )
