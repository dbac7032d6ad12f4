/** Ops of neighbours, of probes, and of forwarding databases as messages (ip-neighbour(8), bridge(8)). Pure. */

import { familyOf } from '../../../../ipam/cidr.ts'
import type { FdbOp } from '../../../plan/kinds/fdb.ts'
import type { NeighOp } from '../../../plan/kinds/neigh.ts'
import type { ProbeOp } from '../../../plan/kinds/probe.ts'
import {
  NTF_SELF,
  NTF_USE,
  NUD_NOARP,
  NUD_PERMANENT,
  neigh,
  RTM_DELNEIGH,
  RTM_NEWNEIGH,
} from '../headers/neighbour.ts'
import { AF_BRIDGE, AF_INET, AF_INET6 } from '../headers/rtnetlink.ts'
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, type Request, request } from '../message.ts'
import type { Lookup } from './lookup.ts'

export const neighRequest = ({ op, dev, address }: NeighOp | ProbeOp, { index }: Lookup): Request => {
  const body = {
    ndm_family: familyOf(address) === 4 ? AF_INET : AF_INET6,
    ndm_ifindex: index(dev),
    ndm_state: NUD_PERMANENT,
    NDA_DST: address,
  }
  if (op !== 'probe.ask') return request(RTM_DELNEIGH, neigh, body)
  return request(RTM_NEWNEIGH, neigh, { ...body, ndm_flags: NTF_USE }, NLM_F_CREATE | NLM_F_EXCL)
}

export const fdbRequest = ({ op, dev, mac, dst }: FdbOp, { index }: Lookup): Request => {
  const body = {
    ndm_family: AF_BRIDGE,
    ndm_ifindex: index(dev),
    ndm_state: NUD_PERMANENT | NUD_NOARP,
    ndm_flags: NTF_SELF,
    NDA_LLADDR: mac,
    NDA_DST: dst,
  }
  return op === 'fdb.append'
    ? request(RTM_NEWNEIGH, neigh, body, NLM_F_CREATE | NLM_F_APPEND)
    : request(RTM_DELNEIGH, neigh, body)
}
