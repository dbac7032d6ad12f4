/** Ops of traffic control as messages (tc(8)). Pure. */

import type { ClassAdd, Qdisc, TcOp, U32 } from '../../../plan/kinds/tc.ts'
import { be16, u16 } from '../codec.ts'
import { ETH_P, TC_ACT_STOLEN, TC_U32_TERMINAL, TCA_EGRESS_REDIR, TCA_U32 } from '../headers/pkt_cls.ts'
import {
  AT_INGRESS,
  HTB_VERSION,
  RATE_TO_QUANTUM,
  RTM_DELQDISC,
  RTM_DELTFILTER,
  RTM_NEWQDISC,
  RTM_NEWTCLASS,
  RTM_NEWTFILTER,
  TC_H_INGRESS,
  TC_H_ROOT,
  TC_LINKLAYER_ETHERNET,
  TCA_HTB,
  TICKS_PER_MICROSECOND,
  tc_fifo_qopt,
  traffic,
} from '../headers/pkt_sched.ts'
import { NLM_F_CREATE, NLM_F_EXCL, type Request, request } from '../message.ts'
import type { Lookup } from './lookup.ts'

const NEW = NLM_F_CREATE | NLM_F_EXCL

/** @throws MissingDevice */
export const tcRequest = (op: TcOp, { index }: Lookup): Request => {
  const tcm_ifindex = index(op.dev)
  switch (op.op) {
    case 'qdisc.add': {
      const [tcm_parent, tcm_handle] = [qdiscParent(op.parent), handleOf(op.handle)]
      const kind = { TCA_KIND: op.qdisc.kind, TCA_OPTIONS: options(op.qdisc) }
      return request(RTM_NEWQDISC, traffic, { tcm_ifindex, tcm_handle, tcm_parent, ...kind }, NEW)
    }
    case 'qdisc.del':
      return request(RTM_DELQDISC, traffic, {
        tcm_ifindex,
        tcm_parent: qdiscParent(op.parent),
        // A clsact in the same place stays.
        ...(op.parent === 'ingress' ? { tcm_handle: handleOf('ffff:'), TCA_KIND: 'ingress' } : {}),
      })
    case 'class.add': {
      const [tcm_parent, tcm_handle] = [handleOf(op.parent), handleOf(op.classid)]
      const kind = { TCA_KIND: 'htb', TCA_OPTIONS: htbClass(op) }
      return request(RTM_NEWTCLASS, traffic, { tcm_ifindex, tcm_handle, tcm_parent, ...kind }, NEW)
    }
    case 'filter.add': {
      const kind = { TCA_KIND: 'u32', TCA_OPTIONS: u32Filter(op, index) }
      return request(RTM_NEWTFILTER, traffic, { tcm_ifindex, ...filterPlace(op), ...kind }, NEW)
    }
    case 'filter.del':
      return request(RTM_DELTFILTER, traffic, { tcm_ifindex, ...filterPlace(op) })
  }
}

/** `7e:` and `7e:1`, hexadecimal, 16 bits each. */
const handleOf = (text: string): number => {
  const [major = '', minor = ''] = text.split(':')
  return Number.parseInt(major, 16) * 0x10000 + Number.parseInt(minor || '0', 16)
}

const qdiscParent = (parent: string) =>
  parent === 'root' ? TC_H_ROOT : parent === 'ingress' ? TC_H_INGRESS : handleOf(parent)

/** The preference above, the protocol as it stands in a frame below. */
const filterPlace = ({ parent, protocol, prio }: Pick<U32, 'parent' | 'protocol' | 'prio'>) => ({
  tcm_parent: parent === 'ingress' ? AT_INGRESS : handleOf(parent),
  tcm_info: prio * 0x10000 + u16.decode(be16.encode(ETH_P[protocol]!)),
})

const options = (qdisc: Qdisc): Buffer | undefined => {
  switch (qdisc.kind) {
    case 'htb':
      return TCA_HTB.encode({
        TCA_HTB_INIT: { version: HTB_VERSION, rate2quantum: RATE_TO_QUANTUM, defcls: qdisc.default },
      })
    case 'bfifo':
      return tc_fifo_qopt.encode({ limit: qdisc.limit })
    case 'ingress':
      return undefined
  }
}

const htbClass = ({ rate, burst, quantum }: ClassAdd): Buffer => {
  const bytes = Math.floor(rate / 8)
  const isLarge = bytes > 0xffffffff
  const small = isLarge ? 0xffffffff : bytes
  // tc counts whole microseconds.
  const ticks = Math.ceil(Math.floor(1e6 * (burst / bytes)) * TICKS_PER_MICROSECOND)
  return TCA_HTB.encode({
    ...(isLarge ? { TCA_HTB_RATE64: bytes, TCA_HTB_CEIL64: bytes } : {}),
    TCA_HTB_PARMS: {
      rate_linklayer: TC_LINKLAYER_ETHERNET,
      rate_rate: small,
      ceil_linklayer: TC_LINKLAYER_ETHERNET,
      ceil_rate: small,
      buffer: ticks,
      cbuffer: ticks,
      quantum,
    },
  })
}

const u32Filter = ({ keys, to }: U32, index: Lookup['index']): Buffer =>
  TCA_U32.encode({
    ...('flowid' in to
      ? { TCA_U32_CLASSID: handleOf(to.flowid) }
      : { TCA_U32_ACT: redirect(index(to.redirect)) }),
    TCA_U32_SEL: { flags: TC_U32_TERMINAL, keys: keys.map(keyOf) },
  })

/** `0a000000/ff000000@12` */
const keyOf = (text: string) => {
  const [val = '', mask = '', off = ''] = text.split(/[/@]/)
  return { val: Number.parseInt(val, 16), mask: Number.parseInt(mask, 16), off: Number(off) }
}

const redirect = (ifindex: number) => ({
  first: {
    TCA_ACT_KIND: 'mirred',
    TCA_ACT_OPTIONS: {
      TCA_MIRRED_PARMS: { action: TC_ACT_STOLEN, eaction: TCA_EGRESS_REDIR, ifindex },
    },
  },
})
