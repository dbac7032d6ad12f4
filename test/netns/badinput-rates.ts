// Rates that an ADD must refuse.
import type { Case } from './badinput-cases.ts'

const runtime = (bandwidth: object) => ({ runtimeConfig: { bandwidth } })

export const rates: Readonly<Record<string, Case>> = {
  'a rate without a burst': {
    config: { ingressRate: 1000000 },
    code: 7,
    says: /ingressRate: 1000000 needs ingressBurst/,
    advises: /give both/,
  },
  'a burst without a rate': {
    config: { egressBurst: 4294967295 },
    code: 7,
    says: /egressBurst: 4294967295 needs egressRate/,
  },
  'a rate without a burst from the runtime, in its own case': {
    config: runtime({ EgressRate: 1000000, EgressBurst: 0 }),
    code: 7,
    says: /egressRate: 1000000 needs egressBurst/,
  },
  'a rate below 0': {
    config: { ingressRate: -1, ingressBurst: 1 },
    code: 7,
    says: /ingressRate: -1 must be a whole number of bits/,
  },
  'a rate with a fraction': {
    config: { egressRate: 0.5, egressBurst: 1 },
    code: 7,
    says: /egressRate: 0\.5 must be a whole number of bits/,
  },
  'a rate in words': {
    config: runtime({ ingressRate: '10M; reboot', ingressBurst: 1 }),
    code: 7,
    says: /runtimeConfig\.bandwidth\.ingressRate: "10M; reboot" must be a number/,
  },
  'a rate that is misspelt': {
    config: runtime({ ingresRate: 1 }),
    code: 2,
    says: /runtimeConfig\.bandwidth\.ingresRate: 1 is unknown; did you mean 'ingressRate'/,
  },
  'a subnet that is none': {
    config: { unshapedSubnets: ['10.0.0.0/8', '10.0.0.0/8 flowid 1:1'] },
    code: 7,
    says: /unshapedSubnets\[1\]: "10\.0\.0\.0\/8 flowid 1:1"/,
    advises: /write a subnet as/,
  },
  'both kinds of subnets': {
    config: { unshapedSubnets: ['10.0.0.0/8'], shapedSubnets: ['fd00::/8'] },
    code: 7,
    says: /unshapedSubnets excludes shapedSubnets/,
  },
}
