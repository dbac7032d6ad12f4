// What src/linux/netlink says of nftables is what nft(8) says of it, and nft(8) reads what it made.
import { afterEach, expect, test } from '@jest/globals'
import { netlinkIn } from '../helpers/netlink.ts'
import type { Netns } from '../helpers/netns.ts'
import { given, requireRoot, requireTool } from '../helpers/requirements.ts'
import { scenes } from '../helpers/scene.ts'

const open = scenes(afterEach)
const ready = given(requireRoot(), requireTool('nft'))

const T = 'inet vethwork'
const nft = (host: Netns, ...lines: string[]) =>
  host.ok('nft', ['-f', '-'], { input: `${lines.join('\n')}\n` })

/** `nft -j list set`: key text → value, comment. */
const listed = async (host: Netns, kind: 'set' | 'map', name: string) => {
  const { nftables } = JSON.parse(await host.ok('nft', ['-j', '-nn', 'list', kind, ...T.split(' '), name]))
  const found = nftables.find((one: Record<string, unknown>) => kind in one)[kind]
  return found.elem ?? []
}

/** Each type alone, then joined: nft's names of types, two keys of them. */
const cases: [type: string, one: string, other: string][] = [
  ['ifname', 'eth0', 'veth0123456789a'],
  ['ether_addr', '02:42:0a:16:00:02', 'fe:ff:00:00:00:01'],
  ['ipv4_addr', '10.22.0.2', '255.255.255.255'],
  ['ipv6_addr', 'fd00::2', '2001:db8::ff:0:1'],
  ['inet_proto', 'tcp', 'udp'],
  ['inet_service', '80', '65535'],
  ['mark', '1', '4294967295'],
  ['ifname . ether_addr', 'eth0 . 02:42:0a:16:00:02', 'veth1 . 02:42:0a:16:00:03'],
  ['inet_proto . inet_service', 'tcp . 80', 'udp . 53'],
  ['ipv4_addr . inet_proto . inet_service', '10.0.0.1 . tcp . 8080', '10.0.0.2 . udp . 1'],
  ['ipv6_addr . inet_proto . inet_service', 'fd00::1 . tcp . 8080', 'fd00::2 . sctp . 1'],
  ['mark . ifname . ipv4_addr', '7 . lo . 127.0.0.1', '8 . eth0.5 . 10.0.0.9'],
]

ready('elements', () => {
  test.each(cases)('type %s: read what nft made, nft reads what we made', async (type, one, other) => {
    const { host } = await open()
    const quoted = (key: string) => {
      const names = type.split(' . ')
      return key
        .split(' . ')
        .map((part, n) => (names[n] === 'ifname' ? `"${part}"` : part))
        .join(' . ')
    }
    const added = { verb: 'add', table: T, set: 's', key: other, comment: 'web/c2/eth0' }
    await nft(
      host,
      `add table ${T}`,
      `add set ${T} s { type ${type}; }`,
      `add set ${T} by-nft { type ${type}; }`,
      `add element ${T} s { ${quoted(one)} comment "web/c1/eth0" }`,
      `add element ${T} by-nft { ${quoted(one)} comment "web/c1/eth0", ${quoted(other)} comment "web/c2/eth0" }`,
    )
    const [before, change, both, single, none] = await netlinkIn(
      host,
      ['elementsOf', T, 's'],
      ['changeElements', [added]],
      ['elementsOf', T, 's', { keys: [one, other] }],
      ['elementsOf', T, 's', { keys: [other] }],
      ['elementsOf', T, 'no-such-set', { keys: [other] }],
    )
    const first = { key: one, comment: 'web/c1/eth0' }
    const second = { key: other, comment: 'web/c2/eth0' }
    expect(before!.result).toEqual([first])
    expect(change).toEqual({})
    expect(both!.result).toEqual([first, second])
    expect(single!.result).toEqual([second])
    expect(none!.result).toEqual([])
    const sorted = (list: object[]) => list.map(each => JSON.stringify(each)).sort()
    expect(sorted(await listed(host, 'set', 's'))).toEqual(sorted(await listed(host, 'set', 'by-nft')))
    const [gone] = await netlinkIn(host, ['changeElements', [{ ...added, verb: 'delete' }]])
    expect(gone).toEqual({})
    expect(await listed(host, 'set', 's')).toHaveLength(1)
  })

  test('values of maps: addresses, addresses and ports, verdicts', async () => {
    const { host } = await open()
    await nft(
      host,
      `add table ${T}`,
      `add chain ${T} there`,
      `add map ${T} ports { type inet_proto . inet_service : ipv4_addr . inet_service; }`,
      `add map ${T} hosts { type inet_service : ipv6_addr; }`,
      `add map ${T} ways { type ifname : verdict; }`,
      `add element ${T} ports { tcp . 80 comment "one" : 10.0.0.2 . 8080 }`,
      `add element ${T} ways { "eth0" : jump there, "eth1" : drop }`,
    )
    const change = (set: string, key: string, value: string) => ({ verb: 'add', table: T, set, key, value })
    const [read, ways, made, again, clash] = await netlinkIn(
      host,
      ['elementsOf', T, 'ports', { keys: ['tcp . 80', 'tcp . 81'] }],
      ['elementsOf', T, 'ways', { keys: ['eth0', 'eth1'] }],
      [
        'changeElements',
        [
          { ...change('ports', 'udp . 53', '10.0.0.3 . 5353'), comment: 'two' },
          change('hosts', '443', 'fd00::9'),
          change('ways', 'eth2', 'goto there'),
          change('ways', 'eth3', 'accept'),
        ],
      ],
      ['changeElements', [change('hosts', '443', 'fd00::9')]],
      ['changeElements', [change('hosts', '444', 'fd00::1'), change('hosts', '443', 'fd00::8')]],
    )
    expect(read!.result).toEqual([{ key: 'tcp . 80', comment: 'one', value: '10.0.0.2 . 8080' }])
    expect(ways!.result.map(({ value }: { value: string }) => value)).toEqual(['jump there', 'drop'])
    expect([made, again]).toEqual([{}, {}])
    expect(clash).toMatchObject({ error: 'ElementFailure', index: 1, errno: 17 })
    const text = await host.ok('nft', ['list', 'table', ...T.split(' ')])
    for (const words of [
      'udp . 53 comment "two" : 10.0.0.3 . 5353',
      '443 : fd00::9',
      '"eth2" : goto there',
      '"eth3" : accept',
    ])
      expect(text).toContain(words)
    expect(text).not.toContain('444')
  })

  test('a transaction happens, or does not; which change it was is said', async () => {
    const { host } = await open()
    await nft(host, `add table ${T}`, `add set ${T} s { type inet_service; }`, `add element ${T} s { 1 }`)
    const change = (verb: string, key: string, set = 's') => ({ verb, table: T, set, key })
    const [missing, noSet, bad, long, fine] = await netlinkIn(
      host,
      ['changeElements', [change('add', '2'), change('delete', '9'), change('add', '3')]],
      ['changeElements', [change('add', '2'), change('add', '1', 'none')]],
      ['changeElements', [change('add', '2'), change('add', 'x')]],
      ['changeElements', [change('add', '2'), { ...change('add', '3'), comment: 'c'.repeat(129) }]],
      ['changeElements', [change('delete', '1'), change('add', '4')]],
    )
    expect(missing).toMatchObject({ error: 'ElementFailure', index: 1, errno: 2 })
    expect(noSet).toMatchObject({ error: 'ElementFailure', index: 1, errno: 2 })
    expect(bad).toMatchObject({ error: 'TypeError', message: expect.stringContaining("'x'") })
    expect(long).toMatchObject({ error: 'TypeError', message: expect.stringContaining('128') })
    expect(fine).toEqual({})
    expect(await listed(host, 'set', 's')).toEqual([4])
  })

  test('what it does not know it says: intervals, other types', async () => {
    const { host } = await open()
    await nft(
      host,
      `add table ${T}`,
      `add set ${T} ranges { type ipv4_addr; flags interval; elements = { 10.0.0.0/24 } }`,
      `add set ${T} users { typeof meta skuid; }`,
    )
    const answers = await netlinkIn(
      host,
      ['elementsOf', T, 'ranges'],
      ['elementsOf', T, 'users', { keys: ['0'] }],
    )
    for (const one of answers) expect(one).toMatchObject({ error: 'UnknownForm' })
  })

  test('one of 3,000 is found as fast as one of 1', async () => {
    const { host } = await open()
    const keys = Array.from({ length: 3000 }, (_, n) => `tcp . ${n + 1}`)
    await nft(
      host,
      `add table ${T}`,
      `add set ${T} few { type inet_proto . inet_service; elements = { tcp . 1 } }`,
      `add set ${T} many { type inet_proto . inet_service; }`,
      `add element ${T} many { ${keys.join(', ')} }`,
    )
    const change = keys.map(key => ({ verb: 'delete', table: T, set: 'many', key }))
    const [few, many, all, gone, none] = await netlinkIn(
      host,
      ['time', T, 'few', 'tcp . 1'],
      ['time', T, 'many', 'tcp . 1500'],
      ['elementsOf', T, 'many'],
      ['changeElements', change.slice(1)],
      ['elementsOf', T, 'many'],
    )
    expect(all!.result).toHaveLength(3000)
    expect(many!.result).toBeLessThan(5 * few!.result + 0.1)
    expect(gone).toEqual({})
    expect(none!.result).toEqual([{ key: 'tcp . 1', comment: '' }])
  })
})

ready('a table', () => {
  test('its chains, the comments of its rules, its sets; nothing of other tables', async () => {
    const { host } = await open()
    const comment = (text: string) => `comment "${text}"`
    await nft(
      host,
      `add table ${T}`,
      `add chain ${T} masquerade/web { type nat hook postrouting priority srcnat; }`,
      `add chain ${T} empty`,
      `add rule ${T} masquerade/web ip saddr 10.0.0.0/24 masquerade ${comment('web 1')}`,
      `add rule ${T} masquerade/web oifname { "eth0", "eth1" } counter`,
      `add rule ${T} masquerade/web ip6 saddr fd00::/64 masquerade ${comment('w'.repeat(128))}`,
      `add set ${T} ports/web { type inet_service; }`,
      `add map ${T} ways/web { type inet_service : verdict; }`,
      'add table inet other',
      'add chain inet other foreign',
      `add rule inet other foreign drop ${comment('foreign')}`,
      'add set inet other foreign { type mark; }',
      'add table bridge vethwork',
      'add chain bridge vethwork foreign',
      `add rule bridge vethwork foreign drop ${comment('foreign')}`,
    )
    const [own, absent, part] = await netlinkIn(
      host,
      ['listTable', T],
      ['listTable', 'ip vethwork'],
      ['listTable', T, { chains: ['masquerade/web', 'no-such-chain'], sets: ['ways/web', 'no-such-set'] }],
    )
    expect(part!.result).toEqual({
      chains: { 'masquerade/web': own!.result.chains['masquerade/web'] },
      sets: ['ways/web'],
      fleeting: {},
    })
    expect(own!.result).toEqual({
      chains: { 'masquerade/web': ['web 1', '', 'w'.repeat(128)], empty: [] },
      sets: ['ports/web', 'ways/web'],
      fleeting: {},
    })
    expect(absent).toEqual({})
  })

  test('thousands of rules in it, and others that change meanwhile', async () => {
    const { host } = await open()
    const rules = Array.from({ length: 3000 }, (_, n) => `add rule ${T} many counter comment "rule ${n}"`)
    await nft(host, `add table ${T}`, `add chain ${T} many`, ...rules)
    const busy = 'for i in $(seq 150); do nft add table inet t$i; done'
    const changing = host.ok('sh', ['-c', busy])
    const [own] = await netlinkIn(host, ['listTable', T])
    await changing
    if (own!.error) expect(own).toMatchObject({ errno: 16 })
    else expect(own!.result.chains.many).toEqual(rules.map((_, n) => `rule ${n}`))
  })

  test('the generation rises with every transaction, and only then', async () => {
    const { host } = await open()
    const generation = async () => (await netlinkIn(host, ['generationOf']))[0]!.result
    const before = await generation()
    await host.ok('nft', ['list', 'ruleset'])
    expect(await generation()).toBe(before)
    await nft(host, `add table ${T}`, `add chain ${T} one`)
    expect(await generation()).toBe(before + 1)
  })
})
