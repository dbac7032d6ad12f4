/** Messages: a header, a struct of its family, attributes (netlink(7)). Pure. */

import {
  aligned,
  attributes,
  type Codec,
  i32,
  type Struct,
  struct,
  type Table,
  text,
  u16,
  u32,
  type Values,
} from './codec.ts'

/** <linux/netlink.h> */
export const NLM_F_REQUEST = 0x1
export const NLM_F_ACK = 0x4
export const NLM_F_ECHO = 0x8
export const NLM_F_DUMP_INTR = 0x10
export const NLM_F_DUMP = 0x300
export const NLM_F_REPLACE = 0x100
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
export const NLM_F_APPEND = 0x800
const NLM_F_CAPPED = 0x100
const NLM_F_ACK_TLVS = 0x200
export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3

const nlmsghdr = struct({ nlmsg_len: u32, nlmsg_type: u16, nlmsg_flags: u16, nlmsg_seq: u32, nlmsg_pid: u32 })

/** The fields of a family's struct and its attributes, as one object: their names are all different. */
// biome-ignore lint/suspicious/noExplicitAny: of whatever fields
export type Body<S extends Struct<any>, T extends Table> = Partial<ReturnType<S['decode']>> & Values<T>

/** What all messages of one family look like. */
// biome-ignore lint/suspicious/noExplicitAny: of whatever fields
export const family = <S extends Struct<any>, T extends Table>(header: S, table: T): Codec<Body<S, T>> => {
  const list = attributes(table)
  const start = aligned(header.size)
  return {
    // Each takes the names that are its own.
    encode: body => {
      const attributes = list.encode(body as Values<T>)
      const whole = Buffer.alloc(start + attributes.length)
      header.write(body, whole, 0)
      attributes.copy(whole, start)
      return whole
    },
    decode: given => Object.assign(header.decode(given), list.decode(given.subarray(start))) as Body<S, T>,
  }
}

/** One that is to be sent; its sequence number is the socket's business. */
export interface Request {
  readonly type: number
  readonly flags: number
  readonly body: Buffer
}

export const request = <B>(type: number, codec: Codec<B>, body: B, flags = 0): Request => ({
  type,
  flags: NLM_F_REQUEST | flags,
  body: codec.encode(body),
})

export const encodeMessage = ({ type, flags, body }: Request, sequence: number): Buffer => {
  const length = nlmsghdr.size + body.length
  const whole = Buffer.alloc(aligned(length))
  const header = { nlmsg_len: length, nlmsg_type: type, nlmsg_flags: flags, nlmsg_seq: sequence }
  nlmsghdr.write(header, whole, 0)
  body.copy(whole, nlmsghdr.size)
  return whole
}

/** One that was received. */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly body: Buffer
}

/** All messages of one datagram. */
export const messagesIn = (datagram: Buffer): Message[] => {
  const found: Message[] = []
  for (let at = 0; at + nlmsghdr.size <= datagram.length; ) {
    const {
      nlmsg_len: length = 0,
      nlmsg_type: type = 0,
      nlmsg_flags: flags = 0,
      nlmsg_seq: sequence = 0,
    } = nlmsghdr.read(datagram, at)
    if (length < nlmsghdr.size || at + length > datagram.length) break
    found.push({ type, flags, sequence, body: datagram.subarray(at + nlmsghdr.size, at + length) })
    at += aligned(length)
  }
  return found
}

/** An acknowledgement: 0, or what went wrong; the kernel may say it in words (NETLINK_EXT_ACK). */
export interface Ack {
  /** As errno(3) has it, positive. */
  readonly errno: number
  readonly words: string
}

const NLMSGERR = attributes({ NLMSGERR_ATTR_MSG: [1, text] })

/** Of NLMSG_ERROR, and of the NLMSG_DONE that ends a dump which failed. */
export const ackOf = ({ type, flags, body }: Message): Ack => {
  const errno = body.length < i32.size ? 0 : Math.abs(i32.decode(body))
  if (!(flags & NLM_F_ACK_TLVS)) return { errno, words: '' }
  // After an error stands the header of what it is about, and all of that unless it was cut off (NETLINK_CAP_ACK).
  const about = type === NLMSG_DONE ? 0 : flags & NLM_F_CAPPED ? nlmsghdr.size : body.readUInt32LE(i32.size)
  const { NLMSGERR_ATTR_MSG: words = '' } = NLMSGERR.decode(body.subarray(i32.size + aligned(about)))
  return { errno, words }
}
