// Bytes as the kernel has them: structs, attributes, messages, acknowledgements.
import { expect, test } from '@jest/globals'
import {
  attributes,
  attributesIn,
  be16,
  be32,
  hardwareAddress,
  i32,
  struct,
  text,
  u8,
  u16,
  u32,
  u64,
} from '../../../src/linux/netlink/codec.ts'
import { NetlinkError } from '../../../src/linux/netlink/errno.ts'
import { ackOf, encodeMessage, family, messagesIn, request } from '../../../src/linux/netlink/message.ts'
import { chars, ipAddress, oneOf, onOff } from '../../../src/linux/netlink/values.ts'

const hex = (bytes: Buffer) => bytes.toString('hex')
const from = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

test.each([
  [u8, 200, 'c8'],
  [u16, 0x1234, '3412'],
  [u32, 4294967295, 'ffffffff'],
  [i32, -19, 'edffffff'],
  [be16, 80, '0050'],
  [be32, 0xffffff00, 'ffffff00'],
  [u64, 2 ** 32 + 1, '0100000001000000'],
  [text, 'eth0', '6574683000'],
  [chars, 'veth', '76657468'],
  [hardwareAddress, '02:42:0a:16:00:02', '02420a160002'],
  [ipAddress, '10.22.0.2', '0a160002'],
  [ipAddress, 'fd00::2', 'fd000000000000000000000000000002'],
  [onOff(u8), true, '01'],
  [oneOf(u16, { l2: 0, l3: 1 }), 'l3', '0100'],
  [oneOf(u16, { l2: 0, l3: 1 }), '7', '0700'],
] as const)('%# %j', (codec, value, bytes) => {
  expect(hex(codec.encode(value as never))).toBe(bytes)
  expect(codec.decode(from(bytes))).toEqual(value)
})

test.each([
  [hardwareAddress, 'eth0'],
  [hardwareAddress, '02:42:0a:16:00'.replace('00', '0')],
  [ipAddress, '10.22.0.256'],
  [oneOf(u8, { on: 1 }), 'off'],
  [oneOf(u8, { on: 1 }), ''],
] as const)('%# %j is refused', (codec, value) => {
  expect(() => codec.encode(value as never)).toThrow()
})

const header = struct({ family: u8, pad: u8, type: u16, index: i32 })
const table = {
  NAME: [3, text],
  MTU: [4, u32],
  INFO: [18, attributes({ KIND: [1, chars], VLANS: [2, u16, 'many'] })],
} as const
const link = family(header, table)

test('a struct, then attributes: lengths, padding, nesting, several of one', () => {
  const body = { index: 7, NAME: 'eth0', INFO: { KIND: 'veth', VLANS: [5, 6] }, MTU: undefined }
  const bytes = link.encode(body)
  expect(hex(bytes)).toBe(
    [
      '00000000 07000000', // the struct
      '0900 0300 6574683000 000000', // NAME, 9 bytes and 3 of padding
      '1c00 1280', // INFO, nested
      '0800 0100 76657468',
      '0600 0200 0500 0000',
      '0600 0200 0600 0000',
    ]
      .join('')
      .replaceAll(' ', ''),
  )
  expect(link.decode(bytes)).toEqual({
    family: 0,
    pad: 0,
    type: 0,
    index: 7,
    NAME: 'eth0',
    INFO: { KIND: 'veth', VLANS: [5, 6] },
  })
})

test('attributes that are not known are passed by, those that are cut off end the list', () => {
  const bytes = from('0800 6300 ffffffff 0800 0400 dc050000 0900 0300 6574')
  expect(attributesIn(bytes)).toHaveLength(2)
  expect(attributes(table).decode(bytes)).toEqual({ MTU: 1500 })
  expect(attributesIn(from('0000 0100'))).toEqual([])
})

test('messages of one datagram, and what is left of a message that was cut off', () => {
  const one = encodeMessage(request(16, link, { index: 1, NAME: 'a' }, 0x600), 7)
  expect(hex(one.subarray(0, 16))).toBe('20000000'.concat('1000', '0106', '07000000', '00000000'))
  const two = Buffer.concat([one, one, one.subarray(0, 20)])
  expect(messagesIn(two).map(({ type, sequence }) => [type, sequence])).toEqual([
    [16, 7],
    [16, 7],
  ])
  expect(link.decode(messagesIn(two)[1]!.body)).toMatchObject({ index: 1, NAME: 'a' })
})

// Captured: RTM_GETLINK of index 99999, with the request (NETLINK_CAP_ACK off) and with its header alone.
const aboutHeader = '20000000 1200 0500 07000000 00000000'
test.each([
  ['0', `00000000 ${aboutHeader}`, 0x100, { errno: 0, words: '' }],
  ['an errno alone', `edffffff ${aboutHeader}`, 0x100, { errno: 19, words: '' }],
  [
    'and words, after the header',
    `efffffff ${aboutHeader} 0d00 0100 4e6f7420 68657265 00 000000`,
    0x300,
    { errno: 17, words: 'Not here' },
  ],
  [
    'and words, after the whole message',
    `efffffff ${aboutHeader} 00000000 00000000 9f860100 00000000 0d00 0100 4e6f7420 68657265 00 000000`,
    0x200,
    { errno: 17, words: 'Not here' },
  ],
])('an acknowledgement: %s', (_, body, flags, ack) => {
  expect(ackOf({ type: 2, flags, sequence: 7, body: from(body) })).toEqual(ack)
})

test('errors in the words of ip(8)', () => {
  expect(new NetlinkError(17, 'ipv4: Address already assigned').message).toBe(
    'ipv4: Address already assigned: File exists',
  )
  expect(new NetlinkError(95).message).toBe('Operation not supported')
  expect(new NetlinkError(333).message).toBe('errno 333')
})
