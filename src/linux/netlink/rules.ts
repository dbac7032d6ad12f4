/** Rules of the routing policy, what `ip -j -N rule show` makes of them. */

import type { Netns } from '../../plan/netns.ts'
import { RTM_GETRULE, rule } from './headers/fib_rules.ts'
import { AF_INET, AF_INET6 } from './headers/rtnetlink.ts'
import { request } from './message.ts'
import { netlink } from './socket.ts'

/** One that has a table; `from` is empty for those of a subnet, or of everything. */
export interface RuleSeen {
  readonly from: string
  readonly table: number
}

/** All of a namespace. @returns undefined without netlink. @throws NetnsError, NetlinkError */
export const allRules = async (netns: Netns, family: 4 | 6): Promise<RuleSeen[] | undefined> =>
  (await netlink(netns, 'route'))
    ?.dump(request(RTM_GETRULE, rule, { family: family === 4 ? AF_INET : AF_INET6 }))
    .map(rule.decode)
    .map(({ src_len, table = 0, FRA_SRC = '', FRA_TABLE = table }) => ({
      from: src_len === (family === 4 ? 32 : 128) ? FRA_SRC : '',
      table: FRA_TABLE,
    }))
    .filter(({ table }) => table > 0)
