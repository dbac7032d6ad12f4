import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { codes } from '../../../cni/errors.ts'
import { openLeases } from '../../../ipam/leases.ts'
import { parseRanges } from '../../../ipam/range.ts'
import { scratch } from './scratch.ts'

const root = scratch()
const reference = '/usr/lib/cni/host-local'
const ranges = [[{ subnet: '10.1.2.0/24' }], [{ subnet: '2001:db8::/64' }]]
const sets = parseRanges(ranges)
let count = 0

const fresh = () => {
  const hostLocalDir = join(root, `cni${++count}`)
  const path = join(hostLocalDir, 'net')
  mkdirSync(path, { recursive: true })
  const store = (dataDir = join(root, `ours${count}`)) =>
    openLeases({ dataDir, hostLocalDir, network: 'net' })
  const write = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  }
  return { hostLocalDir, path, store, write }
}

const ownerOf = (containerId: string, ifname = 'eth0') => ({ network: 'net', containerId, ifname })
const leftIn = (path: string) => readdirSync(path).filter(name => /^[0-9a-f.:]+$/.test(name))

const documented = {
  '10.1.2.2': 'c1\r\neth0',
  '2001:db8::2': 'c1\r\neth0',
  '10.1.2.7': 'c2\r\neth1',
  '2001:db8::7': 'c2\r\neth1',
  'last_reserved_ip.0': '10.1.2.7',
  'last_reserved_ip.1': '2001:db8::7',
  lock: '',
}

const takesOver = (name: string, prepare: (host: ReturnType<typeof fresh>) => void) =>
  describe(name, () => {
    it.each(['a directory of our own', 'the same directory'])(
      'is taken over on first use into %s',
      async which => {
        const host = fresh()
        prepare(host)
        const leases = host.store(which === 'the same directory' ? host.hostLocalDir : undefined)
        expect(await leases.find(ownerOf('c1'))).toMatchObject({
          addresses: ['10.1.2.2', '2001:db8::2'],
          record: { netns: null },
        })
        expect(leftIn(host.path)).toEqual([])
        const taken = await leases.acquire(ownerOf('new'), sets)
        expect(taken.map(({ address }) => address)).toEqual(['10.1.2.8/24', '2001:db8::8/64'])
        await expect(leases.acquire(ownerOf('c1'), sets)).rejects.toThrow('already has 10.1.2.2 for eth0')
        expect(await leases.release(ownerOf('c2', 'eth1'))).toEqual(['10.1.2.7', '2001:db8::7'])
        expect((await leases.list()).map(({ owner }) => owner.containerId).sort()).toEqual(['c1', 'new'])
      },
    )
  })

takesOver('what is documented of host-local', host => host.write(documented))

if (existsSync(reference))
  takesOver('what the reference host-local wrote', ({ hostLocalDir }) => {
    const add = (containerId: string, ifname: string, ip: string, ip6: string) => {
      const ipam = { type: 'host-local', dataDir: hostLocalDir, ranges }
      const conf = { cniVersion: '1.0.0', name: 'net', type: 'any', ipam, runtimeConfig: { ips: [ip, ip6] } }
      const env = {
        CNI_COMMAND: 'ADD',
        CNI_CONTAINERID: containerId,
        CNI_NETNS: '/x',
        CNI_IFNAME: ifname,
        CNI_PATH: '/x',
      }
      expect(spawnSync(reference, { env, input: JSON.stringify(conf) })).toMatchObject({ status: 0 })
    }
    add('c1', 'eth0', '10.1.2.2', '2001:db8::2')
    add('c2', 'eth1', '10.1.2.7', '2001:db8::7')
  })
else
  it('what the reference host-local wrote: not tested, containernetworking-plugins is not installed', () => {})

describe('host-local’s leases', () => {
  it('of old versions belong to the container, whichever interface', async () => {
    const host = fresh()
    host.write({ '10.1.2.5': ' old\n' })
    const leases = host.store()
    expect(await leases.find(ownerOf('old', 'eth7'))).toMatchObject({ addresses: ['10.1.2.5'] })
    expect(await leases.release(ownerOf('old'))).toEqual(['10.1.2.5'])
    expect(await leases.list()).toEqual([])
  })

  it('without any content were nobody’s', async () => {
    const host = fresh()
    host.write({ '10.1.2.5': '', '10.1.2.6': 'c1\r\neth0' })
    expect(await host.store().list()).toHaveLength(1)
  })

  it('are looked for once', async () => {
    const host = fresh()
    host.write(documented)
    const leases = host.store()
    await leases.acquire(ownerOf('new'), sets)
    host.write({ '10.1.2.99': 'late\r\neth0' })
    expect(await leases.find(ownerOf('late'))).toBeUndefined()
  })

  it.each<[string, (path: string) => void, number, string]>([
    [
      'garbage',
      path => writeFileSync(join(path, '10.1.2.5'), '\x01\x02 x\ny\nz'),
      codes.foreign,
      'does not name a container',
    ],
    ['a directory', path => mkdirSync(join(path, '10.1.2.5')), codes.io, 'it is a directory'],
    [
      'a symbolic link',
      path => symlinkSync('/etc/hostname', join(path, '10.1.2.5')),
      codes.io,
      'a symbolic link',
    ],
  ])('that are %s stop everything, and nothing is lost', async (_, spoil, code, message) => {
    const host = fresh()
    host.write(documented)
    spoil(host.path)
    const leases = host.store()
    const refused = leases.acquire(ownerOf('new'), sets)
    await expect(refused).rejects.toMatchObject({ code })
    await expect(leases.list()).rejects.toThrow(message)
    await expect(leases.list()).rejects.toThrow(`${host.path}/10.1.2.5`)
    expect(leftIn(host.path)).toEqual(
      expect.arrayContaining(['10.1.2.2', '10.1.2.7', '2001:db8::2', '2001:db8::7']),
    )
  })
})
