// What the tools say (as Debian 12's do), and what is meant.
import { expect, test } from '@jest/globals'
import { CommandError, classify, type ErrorKind } from '../../../src/linux/commanderror.ts'

const sayings: [kind: ErrorKind, stderr: string][] = [
  ['exists', 'RTNETLINK answers: File exists\n'],
  ['exists', 'Error: ipv4: Address already assigned.\n'],
  ['missing', 'Cannot find device "br0"\n'],
  ['missing', 'Device "br0" does not exist.\n'],
  ['missing', 'RTNETLINK answers: No such file or directory\n'],
  ['missing', 'RTNETLINK answers: No such device\n'],
  ['missing', 'RTNETLINK answers: No such process\n'],
  ['missing', 'RTNETLINK answers: Cannot assign requested address\n'],
  [
    'missing',
    'Error: Could not process rule: No such file or directory\ndelete table inet x\n                  ^\n',
  ],
  ['missing', 'tee: /proc/sys/net/ipv6/conf/eth9/accept_dad: No such file or directory\n'],
  ['missing', 'iptables-restore: line 2 failed: No chain/target/match by that name.\n'],
  ['denied', 'RTNETLINK answers: Operation not permitted\n'],
  ['denied', 'Error: Could not process rule: Operation not permitted\n'],
  [
    'denied',
    'iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n',
  ],
  ['busy', 'RTNETLINK answers: Device or resource busy\n'],
  ['busy', 'Error: Could not process rule: Resource busy\n'],
  ['busy', 'Another app is currently holding the xtables lock. Perhaps you want to use the -w option?\n'],
  ['unsupported', 'RTNETLINK answers: Operation not supported\n'],
  ['unsupported', 'Error: Unknown device type.\n'],
  ['unsupported', 'Specified qdisc kind is unknown: No such file or directory'],
  ['unsupported', 'Error: TC classifier not found.\nWe have an error talking to the kernel\n'],
  ['unsupported', 'Failed to load TC action module: No such file or directory'],
  ['exists', 'Error: Exclusivity flag on, cannot modify.\n'],
  ['exists', 'Exclusivity flag on, cannot modify: File exists'],
  ['missing', 'Cannot find specified qdisc on specified device: No such file or directory'],
  ['missing', 'Error: Cannot delete qdisc with handle of zero.\n'],
  ['full', 'RTNETLINK answers: Exchange full\n'],
  ['netns', 'nsenter: cannot open /run/netns/gone: No such file or directory\n'],
  ['netns', "nsenter: reassociate to namespace 'ns/net' failed: Invalid argument\n"],
  ['other', 'Error: argument "zz" is wrong: invalid MAC\n'],
  ['other', ''],
]
test.each(sayings)('%s: %j', (kind, stderr) => {
  expect(classify(stderr)).toBe(kind)
})

test('cannot ‹what›: ‹why›, with the line and a remedy', () => {
  const error = new CommandError(
    'ip',
    'link add dev br0 type bridge',
    'RTNETLINK answers: Operation not permitted\n',
    'create the bridge br0',
  )
  expect(error).toMatchObject({
    kind: 'denied',
    code: 108,
    message: 'cannot create the bridge br0: Operation not permitted',
    details: expect.stringMatching(/CAP_NET_ADMIN.*; ip: link add dev br0 type bridge$/),
  })
})

test('busy is: try again', () => {
  expect(new CommandError('nft', 'x', 'Error: Could not process rule: Resource busy\n', 'x').code).toBe(11)
})

test.each([
  ['alone', 'Invalid argument', 'link add dev eth0 link eth1 netns /n type macvlan mode bridge'],
  ['other', 'Invalid argument', 'link add dev eth0 link eth1 type vlan id 7'],
  ['occupied', 'Device or resource busy', 'link add dev eth0 link eth1 netns /n type ipvlan mode l2'],
  ['occupied', 'Device or resource busy', 'link set dev eth1 master br0'],
] as const)('%s: %s, of what it was told', (kind, said, line) => {
  const stderr = `RTNETLINK answers: ${said}\n`
  expect(classify(stderr, line)).toBe(kind)
  if (kind !== 'other')
    expect(new CommandError('ip', line, stderr, 'x')).toMatchObject({
      code: 104,
      details: expect.stringMatching(/interface/),
    })
})

test('a tool that says nothing', () => {
  expect(new CommandError('ip', 'link', '', 'look').message).toBe('cannot look: no reason given')
})
