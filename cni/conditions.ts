/** Conditions of published ports, in the words of iptables(8) or nft(8), to what the services read. Pure. */

import { AddressError, parseAddress, parseCidr } from '../ipam/address.ts'
import { networkOf } from '../ipam/cidr.ts'
import type { Condition } from '../src/services/conditions.ts'
import { CniError, codes } from './errors.ts'
import { isInterfaceName } from './schema/fields.ts'

/**
 * `["!", "-s", "192.0.2.0/24"]` as well as `["ip", "saddr", "!=", "192.0.2.0/24"]`.
 * @throws CniError(badConfig) that names the field and the word
 */
export const parseConditions = (name: string, family: 4 | 6, given: readonly string[]): Condition[] => {
  const words = given.flatMap(text => text.split(/\s+/)).filter(Boolean)
  const conditions: Condition[] = []
  for (let at = 0; at < words.length; ) {
    const [condition, length] = parseOne(name, family, words.slice(at))
    conditions.push(condition)
    at += length
  }
  return conditions
}

const iptablesWords: Readonly<Record<string, Condition['field']>> = {
  '-s': 'saddr',
  '--source': 'saddr',
  '--src': 'saddr',
  '-d': 'daddr',
  '--destination': 'daddr',
  '--dst': 'daddr',
  '-i': 'iifname',
  '--in-interface': 'iifname',
}
const nftWords = { 4: 'ip', 6: 'ip6' } as const

/** The condition that words begin with, and how many they are. */
const parseOne = (name: string, family: 4 | 6, words: readonly string[]): readonly [Condition, number] => {
  const first = words[0]!
  const negated = first === '!'
  const option = words[negated ? 1 : 0] ?? ''
  const byIptables = Object.hasOwn(iptablesWords, option) ? iptablesWords[option] : undefined
  if (byIptables) {
    const length = negated ? 3 : 2
    return [conditionOf(name, family, byIptables, negated, words[length - 1]), length]
  }
  const [field, rest] =
    first === 'iifname'
      ? ([first, words.slice(1)] as const)
      : first === nftWords[family] && (words[1] === 'saddr' || words[1] === 'daddr')
        ? ([words[1], words.slice(2)] as const)
        : [undefined, words]
  if (!field) throw unknown(name, family, negated ? `! ${option}` : [first, words[1] ?? ''].join(' ').trim())
  const operator = ['!=', '=='].includes(rest[0] ?? '') ? rest[0] : undefined
  const [value] = operator ? rest.slice(1) : rest
  return [
    conditionOf(name, family, field, operator === '!=', value),
    words.length - rest.length + (operator ? 2 : 1),
  ]
}

const conditionOf = (
  name: string,
  family: 4 | 6,
  field: Condition['field'],
  not: boolean,
  value = '',
): Condition => ({
  field,
  not,
  value: field === 'iifname' ? interfaceOf(name, value) : subnetOf(name, family, value),
})

const interfaceOf = (name: string, quoted: string) => {
  const value = quoted.replace(/^"(.*)"$/, '$1')
  if (isInterfaceName(value)) return value
  throw bad(name, value, "is no interface's name", 'write the name of one, without a wildcard')
}

const subnetOf = (name: string, family: 4 | 6, value: string) => {
  try {
    const isSubnet = value.includes('/')
    const address = isSubnet ? parseCidr(value).address : parseAddress(value)
    if (address.family !== family) throw new AddressError(`is not IPv${family}`)
    return isSubnet ? networkOf(value) : address.text
  } catch (error) {
    if (!(error instanceof AddressError)) throw error
    throw bad(name, value, error.message, `write one IPv${family} address or subnet`)
  }
}

const unknown = (name: string, family: 4 | 6, word: string) =>
  bad(
    name,
    word,
    'is not understood',
    `known are -s, -d and -i, each maybe after !, and ${nftWords[family]} saddr, ${nftWords[family]} daddr and iifname, each maybe with !=`,
  )

const bad = (name: string, value: string, reason: string, remedy: string) =>
  new CniError(codes.badConfig, `${name}: ${JSON.stringify(value)} ${reason}`, remedy)
