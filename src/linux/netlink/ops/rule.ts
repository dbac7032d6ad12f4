/** Ops of rules of the routing policy as messages (ip-rule(8)). Pure. */

import { familyOf } from '../../../../ipam/cidr.ts'
import type { RuleOp } from '../../../plan/kinds/rule.ts'
import { FR_ACT_TO_TBL, RTM_DELRULE, RTM_NEWRULE, rule } from '../headers/fib_rules.ts'
import { AF_INET, AF_INET6 } from '../headers/rtnetlink.ts'
import { NLM_F_CREATE, NLM_F_EXCL, type Request, request } from '../message.ts'

export const ruleRequest = ({ op, from, table }: RuleOp): Request => {
  const isV4 = familyOf(from) === 4
  const body = {
    family: isV4 ? AF_INET : AF_INET6,
    src_len: isV4 ? 32 : 128,
    // A larger number has an attribute of its own.
    table: table < 256 ? table : 0,
    FRA_SRC: from,
    FRA_TABLE: table < 256 ? undefined : table,
  }
  return op === 'rule.add'
    ? request(RTM_NEWRULE, rule, { ...body, action: FR_ACT_TO_TBL }, NLM_F_CREATE | NLM_F_EXCL)
    : request(RTM_DELRULE, rule, body)
}
