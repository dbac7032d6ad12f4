/** A machine in memory: it reads the lines of a plan as ip, nft, sysctl and iptables would, and can be told to fail. */

import { CniError, codes } from '../../cni/errors.ts'
import type { Batch, BatchFailure, Driver } from '../../src/plan/apply.ts'
import { kindOfOp, type Op } from '../../src/plan/kinds/index.ts'
import type { Settings } from '../../src/plan/kinds/linkwords.ts'
import type { RouteOp } from '../../src/plan/kinds/route.ts'
import { at, type Observed, type ObservedLink, type ObservedRoute } from '../../src/plan/observed.ts'
import { FakeIptables } from './fakeiptables.ts'
import { FakeNft } from './fakenft.ts'
import { afterTc, isUntouched } from './faketc.ts'

export interface FakeMachine extends Driver {
  /** As it is now; comparable with toEqual. */
  observed(): Observed
  /** The ops it was given, in their order, those that failed too. */
  readonly given: Op[]
}

/**
 * @param before what is there; `advertised` stays as it is
 * @param fails whether the n-th op it is given, from 0, fails
 */
export const fakeMachine = (before: Observed, fails: (n: number) => boolean = () => false): FakeMachine => {
  const links = new Map(before.links)
  const routes = new Map(before.routes)
  const rules = new Map(before.rules)
  const sysctls = new Map(before.sysctls)
  const queues = new Map(before.queues)
  const fdb = new Map(before.fdb)
  const vlans = new Map(before.vlans)
  const offloads = new Map(before.offloads)
  const nft = new FakeNft(before.tables)
  const iptables = new FakeIptables(before.iptables)
  const zones = before.firewalls.zones && new Map(before.firewalls.zones)
  const given: Op[] = []

  const need = (key: string): ObservedLink => {
    const found = links.get(key)
    if (!found) throw new Error(`no such link: ${key.replace('\n', ' ')}`)
    return found
  }

  const act = (op: Op): void => {
    switch (op.op) {
      case 'link.add': {
        // The line is said where its lower device is; it is born where it belongs.
        const { name, link } = op
        const { netns } = link
        if (links.has(at(netns, name))) throw new Error(`exists: ${name}`)
        if (link.settings.master) need(at(netns, link.settings.master))
        if (link.lower) need(at(link.lower.netns, link.lower.name))
        links.set(at(netns, name), {
          ...born(name, link.type, link.settings),
          lower: link.lower?.netns === netns ? link.lower.name : '',
          details: { ...link.details },
        })
        if (link.peer)
          links.set(at(link.peer.netns, link.peer.name), born(link.peer.name, link.type, link.peer.settings))
        if (link.peer) peers.set(at(netns, name), at(link.peer.netns, link.peer.name))
        return
      }
      case 'link.rename': {
        const link = need(at(op.netns, op.name))
        links.delete(at(op.netns, op.name))
        links.set(at(op.netns, op.to), { ...link, name: op.to })
        for (const [key, value] of [...sysctls]) {
          const [netns, path = ''] = key.split('\n')
          if (netns !== op.netns || !path.split('/').includes(op.name)) continue
          sysctls.delete(key)
          sysctls.set(at(op.netns, path.replace(`/${op.name}/`, `/${op.to}/`)), value)
        }
        return
      }
      case 'link.alias':
        links.set(at(op.netns, op.name), { ...need(at(op.netns, op.name)), alias: op.alias })
        return
      case 'link.set':
        links.set(at(op.netns, op.name), changed(need(at(op.netns, op.name)), op.set))
        return
      case 'link.del': {
        need(at(op.netns, op.name))
        for (const key of [at(op.netns, op.name), peers.get(at(op.netns, op.name))]) if (key) vanish(key)
        return
      }
      case 'addr.add':
      case 'addr.del': {
        const link = need(at(op.netns, op.dev))
        const others = link.addresses.filter(({ address }) => address !== op.address)
        if (op.op === 'addr.del' && others.length === link.addresses.length)
          throw new Error('no such address')
        const one = { address: op.address, scope: 'global', tentative: false, dadFailed: false }
        links.set(at(op.netns, op.dev), {
          ...link,
          addresses: op.op === 'addr.add' ? [...others, one] : others,
        })
        return
      }
      case 'route.add':
      case 'route.del': {
        need(at(op.netns, op.dev))
        const others = (routes.get(at(op.netns, op.dev)) ?? []).filter(
          ({ dst, table }) => dst !== op.to.dst || table !== String(op.to.table ?? 254),
        )
        routes.set(at(op.netns, op.dev), op.op === 'route.add' ? [...others, routeOf(op.to)] : others)
        return
      }
      // The kernel has one route for a destination, a table and a metric, whatever interface it leaves by.
      case 'route.replace':
        need(at(op.netns, op.dev))
        for (const [key, list] of routes)
          if (key.startsWith(at(op.netns, '')))
            routes.set(
              key,
              list.filter(({ dst }) => dst !== op.to.dst),
            )
        routes.set(at(op.netns, op.dev), [...(routes.get(at(op.netns, op.dev)) ?? []), routeOf(op.to)])
        return
      case 'rule.add':
      case 'rule.del': {
        const others = (rules.get(op.netns) ?? []).filter(
          ({ from, table }) => from !== op.from || table !== op.table,
        )
        const one = { from: op.from, table: op.table }
        rules.set(op.netns, op.op === 'rule.add' ? [...others, one] : others)
        return
      }
      case 'fdb.append':
      case 'fdb.del': {
        need(at(op.netns, op.dev))
        const others = (fdb.get(at(op.netns, op.dev)) ?? []).filter(
          ({ mac, dst }) => mac !== op.mac || dst !== op.dst,
        )
        const one = { mac: op.mac, dst: op.dst }
        fdb.set(at(op.netns, op.dev), op.op === 'fdb.append' ? [...others, one] : others)
        return
      }
      case 'vlan.add':
      case 'vlan.del': {
        need(at(op.netns, op.dev))
        const others = (vlans.get(at(op.netns, op.dev)) ?? []).filter(({ vid }) => vid !== op.vid)
        const one = { vid: op.vid, pvid: op.access, untagged: op.access }
        vlans.set(at(op.netns, op.dev), op.op === 'vlan.add' ? [...others, one] : others)
        return
      }
      case 'offload.set':
        need(at(op.netns, op.dev))
        offloads.set(at(op.netns, op.dev), op.on)
        return
      case 'sysctl.set':
        sysctls.set(at(op.netns, op.key), op.value)
        return
      case 'arrival.await':
      case 'arrival.announce':
        need(at(op.netns, op.name))
        return
      case 'neigh.del':
        need(at(op.netns, op.dev))
        return
      // What it deletes comes and goes by itself.
      case 'conntrack.del':
        return
      case 'qdisc.add':
      case 'qdisc.del':
      case 'class.add':
      case 'filter.add':
      case 'filter.del': {
        const key = at(op.netns, op.dev)
        need(key)
        const after = afterTc(kindOfOp(op).line(op), queues.get(key))
        if (isUntouched(after)) queues.delete(key)
        else queues.set(key, after)
        return
      }
      case 'nft':
        nft.act(op.line)
        return
      case 'iptables':
        iptables.act(`${op.tool} ${op.table}`, op.line)
        return
      case 'zone.add':
        zones?.set(op.dev, op.zone)
        return
      case 'zone.remove':
        zones?.delete(op.dev)
    }
  }

  const peers = new Map<string, string>()

  /** With a link go its routes and settings. */
  const vanish = (key: string) => {
    links.delete(key)
    routes.delete(key)
    queues.delete(key)
    fdb.delete(key)
    vlans.delete(key)
    offloads.delete(key)
    // What was made on it goes with it.
    for (const [other, { lower }] of links)
      if (lower && at(other.split('\n')[0] as 'host', lower) === key) vanish(other)
    const [netns, name] = key.split('\n')
    for (const sysctl of sysctls.keys())
      if (sysctl.startsWith(`${netns}\n`) && sysctl.split('/').includes(name!)) sysctls.delete(sysctl)
  }

  const run = async ({ tool, ops }: Batch, keepGoing: boolean): Promise<BatchFailure[]> => {
    const failures: BatchFailure[] = []
    const atomic = /^(nft|ip6?tables.*)$/.test(tool)
    const [rules, chains] = [nft.save(), iptables.save()]
    for (const [n, op] of ops.entries()) {
      try {
        given.push(op)
        if (fails(given.length - 1)) throw new Error('told to fail')
        act(op)
      } catch (error) {
        const told = new CniError(
          codes.command,
          `cannot ${kindOfOp(op).words(op)}: ${(error as Error).message}`,
        )
        failures.push({ op, done: atomic ? 0 : n, error: told, missing: false })
        if (keepGoing) continue
        if (atomic) {
          nft.restore(rules)
          iptables.restore(chains)
        }
        break
      }
    }
    return failures
  }

  const observed = (): Observed => ({
    links: new Map(links),
    routes: filled(routes),
    rules: filled(rules),
    queues: new Map(queues),
    fdb: filled(fdb),
    vlans: filled(vlans),
    offloads: new Map(offloads),
    sysctls: new Map(sysctls),
    advertised: before.advertised,
    tables: nft.tables(),
    iptables: iptables.lines(),
    hostAddresses: before.hostAddresses,
    listeners: before.listeners,
    firewalls: { ...before.firewalls, ...(zones ? { zones: new Map(zones) } : {}) },
  })
  return { run, observed, given }
}

const filled = <K extends string, T>(lists: ReadonlyMap<K, readonly T[]>) =>
  new Map([...lists].filter(([, list]) => list.length))

const routeOf = (to: RouteOp['to']): ObservedRoute => {
  const {
    dst,
    gw = '',
    table = 254,
    priority = 0,
    mtu = 0,
    advmss = 0,
    protocol = '',
    src = '',
    scope = 0,
  } = to
  const family = dst.includes(':') ? 6 : 4
  return { family, dst, gw, table: String(table), priority, mtu, advmss, protocol, src, scope }
}

const born = (name: string, type: string, settings: Settings): ObservedLink => {
  const blank = { name, index: 0, type, mac: '', mtu: 1500, up: false, operstate: 'DOWN', promisc: false }
  const more = { allmulti: false, txQLen: 1000 }
  return changed(
    { ...blank, ...more, alias: '', master: '', lower: '', details: {}, addresses: [] },
    settings,
  )
}

const changed = (link: ObservedLink, set: Settings): ObservedLink => {
  const { hairpin, isolated, vlanFiltering, ...own } = Object.fromEntries(
    Object.entries(set).filter(([, value]) => value !== undefined),
  ) as Settings
  const details =
    vlanFiltering === undefined ? link.details : { ...link.details, vlan_filtering: vlanFiltering ? 1 : 0 }
  const next = { ...link, ...own, details }
  if (!next.master) return { ...next, port: undefined }
  const port = { hairpin: false, isolated: false, state: 'forwarding', ...link.port }
  return {
    ...next,
    port: {
      ...port,
      ...(hairpin === undefined ? {} : { hairpin }),
      ...(isolated === undefined ? {} : { isolated }),
    },
  }
}
