// State that somebody has damaged is mended from what is left and from the kernel; state that is not ours to write, a
// symbolic link say, is refused. Either way nobody gets an address that another has, and all can be taken away.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { cni } from '../helpers/cni.ts'
import { given, requireBuild, requireKernel, requireRoot, requireTool } from '../helpers/requirements.ts'
import { failed, scenes, succeeded } from '../helpers/scene.ts'
import { mentions } from '../helpers/snapshot.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireBuild(), requireTool('nft'), requireKernel('bridge'))

const config = {
  cniVersion: '1.1.0',
  type: 'vethwork',
  name: 'web',
  mode: 'nat',
  ipam: { type: 'vethwork-ipam', ranges: [[{ subnet: '10.44.0.0/24' }], [{ subnet: 'fd00:44::/64' }]] },
}

const addressesIn = ({ json }: { json: { ips: { address: string }[] } }) =>
  json.ips.map(({ address }) => address)

/** Files of a network's state, by what they are for. */
const parts = {
  blocks: (web: string) => readdirSync(join(web, 'blocks')).map(name => join(web, 'blocks', name)),
  owners: (web: string) => readdirSync(join(web, 'owners')).map(name => join(web, 'owners', name)),
  pool: (web: string) => [join(web, 'pool.json')],
}
const all = (web: string) => Object.values(parts).flatMap(part => part(web))

const damages: Record<string, (file: string) => void> = {
  garbage: file => writeFileSync(file, Buffer.from([0, 255, 10, 123, 0, 7])),
  emptied: file => writeFileSync(file, ''),
  truncated: file => writeFileSync(file, readFileSync(file).subarray(0, 40)),
  deleted: file => rmSync(file),
  'one byte changed': file => {
    const text = readFileSync(file, 'latin1')
    writeFileSync(file, text.replace(/("data":.*?)[0-9]/s, '$1x'), 'latin1')
  },
}

ready('damaged state', () => {
  const places = { ...parts, 'all of it': all }
  for (const [place, files] of Object.entries(places))
    for (const [damage, spoil] of Object.entries(damages))
      test(`${place}: ${damage}`, async () => {
        const { host, add, del, remember, runtime } = await open()
        const [resident, guest] = await host.containers(2)
        await add(guest!, config) // what the network shares is there already when we look
        await del(guest!, config)
        const before = await remember()
        const had = addressesIn(await add(resident!, config))

        const spoiled = files(join(host.stateDir, 'web'))
        expect(spoiled.length).toBeGreaterThan(0)
        for (const file of spoiled) spoil(file)

        const got = addressesIn(await add(guest!, config))
        expect(had).toHaveLength(2)
        expect(got).toHaveLength(2)
        expect(got.filter(address => had.includes(address))).toEqual([])
        for (const one of [resident!, guest!]) succeeded(await runtime.check(one, config))

        await del(resident!, config)
        await del(guest!, config)
        for (const file of files(join(host.stateDir, 'web'))) if (file.endsWith('.torn')) rmSync(file)
        await before.expectSame(resident!, guest!)
      }, 60_000)
})

/** Replaces what stands at `path` by a link to it, moved elsewhere. */
const link = (path: string, elsewhere: string) => {
  if (!existsSync(path)) mkdirSync(path, { recursive: true })
  renameSync(path, elsewhere)
  symlinkSync(elsewhere, path)
}

ready('symbolic links in the place of state', () => {
  const places: Record<string, (state: string) => string> = {
    'the state directory': state => state,
    "the network's directory": state => join(state, 'web'),
    'the directory of blocks': state => join(state, 'web/blocks'),
    'a block': state => parts.blocks(join(state, 'web'))[0]!,
    'owners of a shard': state => parts.owners(join(state, 'web'))[0]!,
    'the pool': state => join(state, 'web/pool.json'),
    "the network's lock": state => join(state, 'web/lock'),
  }
  for (const [name, place] of Object.entries(places))
    test(name, async () => {
      const { host, add } = await open()
      const [resident, guest] = await host.containers(2)
      await add(resident!, config)
      const path = place(host.stateDir)
      const elsewhere = join(host.directory, 'elsewhere')
      link(path, elsewhere)
      const before = JSON.stringify(contents(elsewhere))

      // A second interface of the resident: of the same shard.
      const second = {
        command: 'ADD',
        config,
        container: { id: resident!.id, path: guest!.path },
        ifname: 'eth1',
      }
      const { code, msg, details } = failed(await cni(host, second))
      expect({ code, msg, details }).toEqual({
        code: 5,
        msg: expect.stringContaining(path),
        details: expect.stringMatching(/remove the link/),
      })
      expect(msg).toMatch(/symbolic link/)
      expect(JSON.stringify(contents(elsewhere))).toBe(before)
      expect(await guest!.ip('link')).toHaveLength(1)

      rmSync(path)
      renameSync(elsewhere, path)
      succeeded(await cni(host, second))
    }, 60_000)

  const contents = (path: string): unknown =>
    lstatSync(path).isDirectory()
      ? readdirSync(path).map(name => [name, contents(join(path, name))])
      : readFileSync(path, 'utf8')
})

ready('state is private', () => {
  test('files 0600 in directories 0700, whatever the umask, also where somebody has opened them', async () => {
    const { host, add, del } = await open()
    const [one, other] = await host.containers(2)
    mkdirSync(join(host.stateDir, 'web'), { recursive: true })
    chmodSync(host.stateDir, 0o755)
    chmodSync(join(host.stateDir, 'web'), 0o777)
    const loose = {
      stateDir: host.stateDir,
      sh: (file: string, args: readonly string[] = [], options = {}) =>
        host.sh('sh', ['-c', 'umask 0; exec "$@"', 'sh', file, ...args], options),
    }
    succeeded(await cni(loose, { command: 'ADD', config, container: one! }))
    await add(other!, config)
    await del(other!, config)
    // The directory that holds all networks may be somebody else's: ipam.dataDir can be /var/lib.
    const modes = await host.ok('find', [host.stateDir, '-mindepth', '1', '-printf', '%y %m\n'])
    expect([...new Set(modes.trim().split('\n'))].sort()).toEqual(['d 700', 'f 600'])
    expect(mentions(host.stateDir, one!.id)).toHaveLength(4) // two blocks, one shard of owners, the record
  }, 30_000)
})
