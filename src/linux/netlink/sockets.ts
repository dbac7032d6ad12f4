/** Sockets that wait for whoever comes. /proc/net shows them too, but there the kernel looks at every place where one might be. */

import { addressAt } from '../../../ipam/address.ts'
import { HOST } from '../../plan/netns.ts'
import { NetlinkError } from './errno.ts'
import { SOCK_DIAG_BY_FAMILY, socketAnswer, socketRequest } from './headers/inet_diag.ts'
import { AF_INET, AF_INET6 } from './headers/rtnetlink.ts'
import { request } from './message.ts'
import { netlink } from './socket.ts'

/** IPPROTO_TCP and TCP_LISTEN; IPPROTO_UDP and TCP_CLOSE, which is what one without a peer has (include/net/tcp_states.h). */
const waiting = { tcp: { protocol: 6, state: 10 }, udp: { protocol: 17, state: 7 } } as const

export interface WaitingSocket {
  /** Canonical; `0.0.0.0` or `::` for all. */
  readonly address: string
  readonly port: number
  readonly inode: string
}

/** Those of the host. @returns undefined without netlink, or where the kernel does not tell */
export const waitingSockets = async (name: 'tcp' | 'udp'): Promise<WaitingSocket[] | undefined> => {
  const socket = await netlink(HOST, 'sock_diag')
  if (!socket) return undefined
  const { protocol, state } = waiting[name]
  const ofFamily = (sdiag_family: number) =>
    socket
      .dump(
        request(SOCK_DIAG_BY_FAMILY, socketRequest, {
          sdiag_family,
          sdiag_protocol: protocol,
          idiag_states: 1 << state,
        }),
      )
      .map(waitingAt)
  try {
    return [...ofFamily(AF_INET), ...ofFamily(AF_INET6)]
  } catch (error) {
    if (error instanceof NetlinkError) return undefined
    throw error
  }
}

const waitingAt = (body: Buffer): WaitingSocket => {
  const { idiag_family, idiag_sport = 0, idiag_inode = 0, ...id } = socketAnswer.decode(body)
  const parts = [id.idiag_src_0, id.idiag_src_1, id.idiag_src_2, id.idiag_src_3]
  const isV4 = idiag_family === AF_INET
  const value = parts
    .slice(0, isV4 ? 1 : 4)
    .reduce<bigint>((sum, part = 0) => (sum << 32n) | BigInt(part), 0n)
  return { address: addressAt(isV4 ? 4 : 6, value).text, port: idiag_sport, inode: String(idiag_inode) }
}
