/** Rates as they are asked for: the configuration's, and above them the runtime's. Pure. */

import type { Rates } from '../src/services/wants.ts'
import { CniError, codes } from './errors.ts'

/**
 * Of each direction rate and burst are taken together, from the first that has one. Runtimes write 0 for what nobody asked for.
 * @param isFirst the configuration is asked before the runtime, as the reference `bandwidth` does it
 */
export const ratesOf = (conf: Partial<Rates>, runtime: Partial<Rates>, isFirst: boolean): Rates => {
  const sources = isFirst ? [conf, runtime] : [runtime, conf]
  const first = (direction: Direction) =>
    sources.map(one => limitOf(one, direction)).find(({ rate, burst }) => rate || burst) ?? unlimited
  const [ingress, egress] = [first('ingress'), first('egress')]
  return {
    ingressRate: ingress.rate,
    ingressBurst: ingress.burst,
    egressRate: egress.rate,
    egressBurst: egress.burst,
  }
}

type Direction = 'ingress' | 'egress'

const unlimited = { rate: 0, burst: 0 }

/** Runtimes write up to 2^64-1. Above 2^53 JSON.parse loses digits; no wire is as fast, so that is no limit. */
const limitOf = (from: Partial<Rates>, direction: Direction) => {
  const { [`${direction}Rate` as const]: rate = 0, [`${direction}Burst` as const]: burst = 0 } = from
  return rate > Number.MAX_SAFE_INTEGER ? unlimited : { rate, burst }
}

/** One without the other, as the reference refuses it. @throws CniError(badConfig) */
export const refuseHalfRates = (rates: Rates) => {
  for (const direction of ['ingress', 'egress'] as const) {
    const { rate, burst } = limitOf(rates, direction)
    if (Boolean(rate) === Boolean(burst)) continue
    const [set, other] = rate ? ['Rate', 'Burst'] : ['Burst', 'Rate']
    throw new CniError(
      codes.badConfig,
      `${direction}${set}: ${rate || burst} needs ${direction}${other}`,
      'give both, in bits a second and in bits, or neither; 4294967295 is a burst that leaves it to us',
    )
  }
}
