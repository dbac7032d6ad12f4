import './host.ts'
import { Buffer as Nodes } from 'node:buffer'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'

const { Buffer: Ours } = await import('../../../src/quickjs/buffer.ts')

const bytes = fc.uint8Array({ maxLength: 40 })
const list = (bytes: Uint8Array) => [...bytes]

/** The same call on both: the same result, or an error of the same kind. */
const alike = (call: (of: typeof Nodes) => unknown) => {
  const result = (of: unknown) => {
    try {
      const got = call(of as typeof Nodes)
      return got instanceof Uint8Array ? list(got) : got
    } catch (error) {
      return (error as Error).name
    }
  }
  expect(result(Ours)).toEqual(result(Nodes))
}

test('text: of any kind, also what is no Unicode', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      alike(of => of.from(text))
      alike(of => of.from(text).toString())
    }),
  )
  alike(of => of.from('\ud800x'))
})

test('hexadecimal', () => {
  fc.assert(
    fc.property(bytes, given => {
      const digits = Nodes.from(given).toString('hex')
      alike(of => of.from(given).toString('hex'))
      alike(of => of.from(digits, 'hex'))
    }),
  )
})

test('what is put together, cut, copied and looked for', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.nat(90), (one, two, length) => {
      alike(of => of.concat([of.from(one), of.from(two)]))
      alike(of => of.concat([of.from(one), of.from(two)], length))
      alike(of => of.from(one).subarray(1, length))
      alike(of => {
        const whole = of.alloc(80, ' ')
        of.from(one).copy(whole, 3)
        return whole
      })
      if (two.length)
        alike(of => of.concat([of.from(one), of.from(two), of.from(one)]).includes(of.from(two)))
      if (two.length) alike(of => of.from(one).includes(of.from(two.subarray(0, 1))))
    }),
  )
})

const sizes = { 8: 1, 16: 2, 32: 4 } as const

test('numbers of each size and order, and those that do not fit', () => {
  const places = fc.integer({ min: 0, max: 9 })
  const numbers = fc.oneof(
    fc.nat(255),
    fc.nat(65535),
    fc.nat(),
    fc.double({ min: -10, max: 2 ** 33, noNaN: true }),
  )
  fc.assert(
    fc.property(numbers, places, fc.constantFrom(8, 16, 32), (double, at, bits) => {
      const number = Math.floor(double)
      const size = sizes[bits as 8 | 16 | 32]
      for (const order of ['LE', 'BE'] as const)
        alike(of => {
          const into = of.alloc(8)
          into[`writeUInt${order}` as 'writeUIntLE'](number, at, size)
          return [...into, into[`readUInt${order}` as 'readUIntLE'](at, size)]
        })
    }),
  )
})

test('numbers by the methods of their size', () => {
  const given = Nodes.from('fe01820380057f0780090a0b', 'hex')
  for (const name of ['readUInt16LE', 'readUInt32LE', 'readInt32LE', 'readBigUInt64LE'] as const)
    for (const at of [0, 1, 4]) alike(of => of.from(given)[name](at))
  for (const [name, value] of [
    ['writeUInt16LE', 0xfedc],
    ['writeUInt16BE', 0xfedc],
    ['writeUInt32BE', 0xfedcba98],
    ['writeInt32LE', -2],
    ['writeBigUInt64LE', 0xfedcba9876543210n],
  ] as const)
    alike(of => {
      const into = of.alloc(8)
      ;(into[name] as (value: unknown, at: number) => number)(value, 0)
      return into
    })
})
