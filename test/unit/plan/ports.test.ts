// Published ports as plans: whose they are, who gives way, what of the shared rules goes with the last network.
import { describe, expect, test } from '@jest/globals'
import type { CniError } from '../../../cni/errors.ts'
import { remains } from '../../../src/networks/remains.ts'
import { apply } from '../../../src/plan/apply.ts'
import { explain } from '../../../src/plan/explain.ts'
import type { Observed, ObservedElement, ObservedListener } from '../../../src/plan/observed.ts'
import { plan, planRemoval } from '../../../src/plan/plan.ts'
import { described, descriptions, leaseOf, virgin } from '../../helpers/descriptions.ts'
import { fakeMachine } from '../../helpers/fakemachine.ts'
import { dns, publishing, web } from '../../helpers/portmappings.ts'

const TABLE = 'inet vethwork'
const commands = (...given: Parameters<typeof plan>) => explain(plan(...given)).map(({ command }) => command)

/** With these elements in the shared maps. */
const holding = (
  sets: Readonly<Record<string, ObservedElement[]>>,
  more: Partial<Observed> = {},
): Observed => ({
  ...virgin,
  ...more,
  tables: new Map([[TABLE, { chains: new Map(), sets: new Map(Object.entries(sets)) }]]),
})
const held = (key: string, more: Partial<ObservedElement> = {}): ObservedElement => ({
  key,
  value: '10.44.0.9 . 80',
  comment: 'web.net-1/other/eth0',
  ...more,
})
const wanting = (...mappings: object[]) => described(publishing(mappings), leaseOf('v4'))
const refusal = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    const { code, message } = error as CniError
    return { code, message }
  }
  throw new Error('was not refused')
}

describe('a port has one holder', () => {
  const cases: [string, object, string, ObservedElement][] = [
    ['the same key', web, 'ports4-all', held('tcp . 8080')],
    ['one address, where all are wanted', web, 'ports4', held('tcp . 8080 . 192.0.2.1')],
    ['all, where one is wanted', { ...web, hostIP: '192.0.2.1' }, 'ports4-all', held('tcp . 8080')],
    ['a network with conditions', web, 'ports4-all/db', held('tcp . 8080', { comment: 'db/x/eth0' })],
    ['the last of a range', { ...web, hostPort: 8071, range: 10 }, 'ports4', held('tcp . 8080 . 192.0.2.1')],
  ]
  test.each(cases)('%s: refused with its name; one that is gone gives way', (_, wanted, set, element) => {
    const { code, message } = refusal(() => plan(wanting(wanted), holding({ [set]: [element] })))
    expect({ code, message }).toEqual({
      code: 110,
      message: expect.stringMatching(/^port 8080\/tcp of (the host|192\.0\.2\.1) is taken by /),
    })
    expect(message).toContain(element.comment)
    const steps = commands(wanting(wanted), holding({ [set]: [{ ...element, abandoned: true }] }))
    expect(steps).toContain(`nft 'delete element ${TABLE} ${set} { ${element.key} }'`)
  })

  const free: [string, object, string, ObservedElement][] = [
    ['another port', web, 'ports4-all', held('tcp . 8081')],
    ['another protocol', web, 'ports4-all', held('udp . 8080')],
    ['another family', web, 'ports6-all', held('tcp . 8080')],
    ['another address', { ...web, hostIP: '192.0.2.1' }, 'ports4', held('tcp . 8080 . 192.0.2.2')],
  ]
  test.each(free)('%s is free', (_, wanted, set, element) => {
    expect(commands(wanting(wanted), holding({ [set]: [element] })).join()).toContain('create element')
  })

  const listener: ObservedListener = {
    protocol: 'tcp',
    port: 8080,
    address: '',
    families: [4, 6],
    process: { pid: 77, name: 'nginx', command: 'nginx -g x' },
  }
  test('a process is named; unless the port is led to the container already, or it holds it for that', () => {
    const busy = { ...virgin, listeners: [listener] }
    expect(refusal(() => plan(wanting(web), busy))).toEqual({
      code: 110,
      message: 'port 8080/tcp of the host is taken: nginx (pid 77) listens there',
    })
    const unseen = { ...virgin, listeners: [{ ...listener, process: undefined }] }
    expect(refusal(() => plan(wanting(web), unseen)).message).toContain(
      'a process that cannot be seen from here',
    )
    const mine = held('tcp . 8080', { comment: 'web.net-1/c1/eth0', value: '10.44.0.2 . 80' })
    expect(commands(wanting(web), holding({ 'ports4-all': [mine] }, busy)).join()).not.toContain(
      'create element',
    )
    const conmon = { ...listener, process: { pid: 78, name: 'conmon', command: 'conmon -c c1 -n x' } }
    const podman = {
      ...listener,
      process: { pid: 79, name: 'podman', command: 'podman run', isAncestor: true },
    }
    for (const holder of [conmon, podman])
      expect(commands(wanting(web), { ...virgin, listeners: [holder] }).join()).toContain('create element')
    for (const process of [
      { ...podman.process, isAncestor: false },
      { ...podman.process, name: 'containerd' },
    ]) {
      const held = { ...virgin, listeners: [{ ...podman, process }] }
      expect(refusal(() => plan(wanting(web), held)).code).toBe(110)
    }
  })
})

describe('flows', () => {
  test('are forgotten when the port is new, and not when it is in place', async () => {
    const desired = descriptions['ports-dual']!
    const machine = fakeMachine(virgin)
    const steps = plan(desired, virgin)
    expect(steps.filter(({ op }) => op.op === 'conntrack.del')).toHaveLength(8)
    await apply(steps, machine)
    expect(plan(desired, machine.observed())).toEqual([])
    const removal = planRemoval(desired, machine.observed()).filter(({ op }) => op.op === 'conntrack.del')
    expect(explain(removal).map(({ command }) => command)).toContain(
      'conntrack -D -f ipv4 -p udp --dport 5353 -r 10.44.0.2 --reply-port-src 53',
    )
  })

  test('of TCP are not asked for', () => {
    expect(commands(wanting(web), virgin).join()).not.toContain('conntrack')
    expect(commands(wanting(dns), virgin).join()).toContain('-d 192.0.2.1 --dport 5353')
  })
})

describe('with the last network goes what all share', () => {
  const observed = (elements: ObservedElement[]): Observed => ({
    ...virgin,
    tables: new Map([
      [
        TABLE,
        {
          chains: new Map(
            [
              ['ports', ['x']],
              ['ports-near/web', ['y']],
              ['ports-near/db', ['z']],
            ].slice(0, elements.length ? 3 : 2) as [string, string[]][],
          ),
          sets: new Map([['ports4-all', elements]]),
        },
      ],
    ]),
  })
  const removal = (elements: ObservedElement[]) =>
    explain(planRemoval(remains('web', [], { nft: true, iptables: false }), observed(elements))).map(
      ({ command }) => command,
    )
  test('not while another has something in it; its own dead ones go first', () => {
    expect(
      removal([held('tcp . 1', { comment: 'web/a/eth0' }), held('tcp . 2', { comment: 'db/a/eth0' })]),
    ).toEqual([
      `nft 'delete element ${TABLE} ports4-all { tcp . 1 }'`,
      `nft 'delete chain ${TABLE} ports-near/web'`,
    ])
  })
  test('all of it, when nobody else has', () => {
    expect(removal([])).toEqual([`nft 'delete table ${TABLE}'`])
  })
})
