import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  addressAt,
  blockOf,
  compare,
  contains,
  firstOf,
  formatCidr,
  lastOf,
  macOf,
  next,
  offsetOf,
  parseAddress,
  parseCidr,
} from '../../../ipam/address.ts'

describe('parseAddress', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ])('reads %s as %s', (text, canonical) => {
    expect(parseAddress(text).text).toBe(canonical)
  })

  it.each([
    ['1', 'is not an IP address'],
    ['10.1', 'is not an IP address'],
    ['10.0.0', 'is not an IP address'],
    ['0x0a000001', 'is not an IP address'],
    ['0x0a.0.0.1', 'is not an IP address'],
    ['10.0.0.1.2', 'is not an IP address'],
    ['10.0.0.010', 'has a leading zero'],
    ['010.0.0.1', 'has a leading zero'],
    ['10.0.0.256', 'has a number above 255'],
    ['10.0.0.-1', 'is not an IP address'],
    [' 10.0.0.1', 'is not an IP address'],
    ['10.0.0.1\n', 'is not an IP address'],
    ['10.0.0.1/24', 'is not an IP address'],
    ['', 'is not an IP address'],
    ['localhost', 'is not an IP address'],
    ['fe80::1%eth0', 'has a zone'],
    ['::ffff:10.0.0.1', 'mixes IPv4 and IPv6 notation'],
    ['::10.0.0.1', 'mixes IPv4 and IPv6 notation'],
    ['::ffff:0a00:0001', 'is an IPv4 address in IPv6 clothes'],
    ['1::2::3', 'is not an IP address'],
    ['1:2:3:4:5:6:7', 'is not an IP address'],
    ['1:2:3:4:5:6:7:8:9', 'is not an IP address'],
    ['2001:db8::00001', 'is not an IP address'],
    ['2001:db8::g', 'is not an IP address'],
    [':', 'is not an IP address'],
    ['[::1]', 'is not an IP address'],
  ])('refuses %j: %s', (text, reason) => {
    expect(() => parseAddress(text)).toThrow(reason)
  })
})

describe('parseCidr', () => {
  it.each(['10.1.2.3/24', '0.0.0.0/0', '2001:db8::/64', '::/0', '::1/128'])('reads %s', text => {
    expect(formatCidr(parseCidr(text))).toBe(text)
  })

  it.each([
    ['10.1.2.0', 'is not of the form address/prefix'],
    ['10.1.2.0/24/24', 'is not of the form address/prefix'],
    ['10.1.2.0/', 'has no prefix length from 0 to 32'],
    ['10.1.2.0/33', 'has no prefix length from 0 to 32'],
    ['10.1.2.0/024', 'has no prefix length from 0 to 32'],
    ['10.1.2.0/-1', 'has no prefix length from 0 to 32'],
    ['10.1.2.0/255.255.255.0', 'has no prefix length from 0 to 32'],
    ['2001:db8::/129', 'has no prefix length from 0 to 128'],
  ])('refuses %s: %s', (text, reason) => {
    expect(() => parseCidr(text)).toThrow(reason)
  })
})

describe('subnets', () => {
  it.each([
    ['10.1.2.3/24', '10.1.2.0', '10.1.2.255'],
    ['10.1.2.3/32', '10.1.2.3', '10.1.2.3'],
    ['10.1.2.3/0', '0.0.0.0', '255.255.255.255'],
    ['2001:db8::5/126', '2001:db8::4', '2001:db8::7'],
  ])('%s goes from %s to %s', (cidr, first, last) => {
    const parsed = parseCidr(cidr)
    expect([firstOf(parsed).text, lastOf(parsed).text]).toEqual([first, last])
    expect(contains(parsed, firstOf(parsed)) && contains(parsed, lastOf(parsed))).toBe(true)
  })

  it('contains no address of outside, nor of the other family', () => {
    const subnet = parseCidr('10.1.2.0/24')
    expect(['10.1.1.255', '10.1.3.0', '::a01:201'].map(text => contains(subnet, parseAddress(text)))).toEqual(
      [false, false, false],
    )
  })

  it('sorts, steps, and names blocks', () => {
    const sorted = ['::1', '10.0.0.10', '10.0.0.9'].map(parseAddress).sort(compare)
    expect(sorted.map(({ text }) => text)).toEqual(['10.0.0.9', '10.0.0.10', '::1'])
    expect(next(parseAddress('10.0.0.255')).text).toBe('10.0.1.0')
    expect(next(parseAddress('2001:db8::1'), -1n).text).toBe('2001:db8::')
    expect(blockOf(parseAddress('10.0.1.77')).text).toBe('10.0.1.0')
    expect(blockOf(parseAddress('2001:db8::1234')).text).toBe('2001:db8::1200')
    expect(offsetOf(parseAddress('2001:db8::1234'))).toBe(0x34)
  })

  it('reads back what it writes', () => {
    const families = fc.constantFrom([4, 32n] as const, [6, 128n] as const)
    fc.assert(
      fc.property(families, fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), ([family, width], number) => {
        const address = addressAt(family, number % 2n ** width)
        const isMapped = family === 6 && address.value >> 32n === 0xffffn
        if (!isMapped) expect(parseAddress(address.text)).toEqual(address)
      }),
    )
  })
})

describe('macOf', () => {
  it('is the Docker way for IPv4', () => {
    expect(macOf(parseAddress('172.17.0.2'))).toBe('02:42:ac:11:00:02')
    expect(macOf(parseAddress('1.2.3.4'))).toBe('02:42:01:02:03:04')
    expect(macOf(parseAddress('255.255.255.255'))).toBe('02:42:ff:ff:ff:ff')
  })

  it('always is the same for an IPv6 address, and differs between neighbours', () => {
    const macs = Array.from({ length: 1000 }, (_, i) => macOf(addressAt(6, (0x20010db8n << 96n) + BigInt(i))))
    expect(macs[1]).toBe(macOf(parseAddress('2001:db8::1')))
    expect(macs.every(mac => /^02:42(:[0-9a-f]{2}){4}$/.test(mac))).toBe(true)
    expect(new Set(macs).size).toBe(1000)
  })
})
