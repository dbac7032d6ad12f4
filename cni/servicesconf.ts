/** The services' part of the configuration: what holds where it is silent. Pure. */

import type { ServicesConf } from '../src/services/conf.ts'

export const silentServices: ServicesConf = {
  snat: true,
  masqAll: false,
  conditionsV4: [],
  conditionsV6: [],
  ingressPolicy: '',
  macspoofchk: false,
  ipspoofchk: false,
  securityGroups: undefined,
  sysctl: {},
  mac: '',
  txQLen: undefined,
  promisc: false,
  allmulti: undefined,
  sourceRouting: false,
  table: 0,
  unshapedSubnets: [],
  shapedSubnets: [],
}
