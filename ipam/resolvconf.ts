/** A file in resolv.conf(5) syntax → the result's dns, field for field as host-local reads it. */
import { readFileSync } from 'node:fs'
import { ioError } from './io.ts'
import type { Dns } from './lease.ts'

/** @throws CniError io, naming the file */
export const readResolvConf = (path: string): Dns => {
  try {
    return parseResolvConf(readFileSync(path, 'utf8'))
  } catch (failure) {
    throw ioError('read ipam.resolvConf', path, failure)
  }
}

/** `nameserver`, `search` and `options` add up, the last `domain` counts; everything else is let pass. */
export const parseResolvConf = (text: string): Dns => {
  const lines = text
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([first]) => !/^[#;]/.test(first!))
  const of = (keyword: string) => lines.filter(([first]) => first === keyword).map(([, ...values]) => values)
  const dns = {
    nameservers: of('nameserver').flatMap(values => values.slice(0, 1)),
    domain: of('domain').findLast(values => values.length > 0)?.[0],
    search: of('search').flat(),
    options: of('options').flat(),
  }
  return Object.fromEntries(Object.entries(dns).filter(([, value]) => value?.length)) as Dns
}
