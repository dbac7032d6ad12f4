import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { codes } from '../../../cni/errors.ts'
import { parseResolvConf, readResolvConf } from '../../../ipam/resolvconf.ts'
import { scratch } from './scratch.ts'

const directory = scratch()

it.each([
  ['', {}],
  ['# nameserver 192.0.2.1\n; search a\n\n', {}],
  ['nameserver 192.0.2.1\nnameserver\t2001:db8::1 # second\n', { nameservers: ['192.0.2.1', '2001:db8::1'] }],
  ['  nameserver 192.0.2.1\r\n', { nameservers: ['192.0.2.1'] }],
  ['domain a.example\ndomain b.example\n', { domain: 'b.example' }],
  ['search a.example b.example\nsearch c.example', { search: ['a.example', 'b.example', 'c.example'] }],
  ['options ndots:5 rotate\noptions edns0', { options: ['ndots:5', 'rotate', 'edns0'] }],
  ['nameserver\ndomain\nsearch\nsortlist 192.0.2.0\nnameservers 192.0.2.1', {}],
])('%j is %j', (text, dns) => {
  expect(parseResolvConf(text)).toEqual(dns)
})

it('reads a file, and names the one it cannot read', () => {
  const path = join(directory, 'resolv.conf')
  writeFileSync(path, 'nameserver 192.0.2.1\n')
  expect(readResolvConf(path)).toEqual({ nameservers: ['192.0.2.1'] })
  mkdirSync(join(directory, 'dir'))
  const refused = (name: string) => () => readResolvConf(join(directory, name))
  expect(refused('none')).toThrow(
    expect.objectContaining({
      code: codes.io,
      message: `cannot read ipam.resolvConf ${directory}/none: it does not exist (ENOENT)`,
    }),
  )
  expect(refused('dir')).toThrow('it is a directory')
})
