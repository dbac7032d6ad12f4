/** A bridge: VLANs, forwarding database, isolation, hairpin, its hooks; and its ports that lead away. */

import { HOST } from '../../plan/netns.ts'
import { down, tooNarrow } from './cable.ts'
import { type Drop, dropped, type End, isDrop, type Journey, note } from './journey.ts'
import { unplugged, withoutWayOut } from './linkstate.ts'
import { waysOutOf } from './neighbours.ts'
import type { Packet } from './packet.ts'
import { throughHook } from './rules.ts'
import type { FdbSeen, LinkSeen, PlugSeen } from './sight.ts'
import { receive } from './stack.ts'
import { tunnelled } from './tunnel.ts'

/** A frame that comes in by a port. */
export const fromPort = async (
  journey: Journey,
  bridge: LinkSeen,
  port: LinkSeen,
  frame: Packet,
  owner?: PlugSeen,
): Promise<End> => {
  const wrong = isDown(bridge) ?? isBlocked(port, bridge)
  if (wrong) return wrong
  const tagged = await intoVlan(journey, bridge, port, frame)
  if (isDrop(tagged)) return tagged
  const came = await throughHook(
    journey,
    { place: HOST, layer: 'bridge', hook: 'prerouting', iif: port.name },
    tagged,
  )
  if (isDrop(came)) return came
  if (came.target !== bridge.mac) return toPort(journey, bridge, port, came, owner)
  note(journey, HOST, came, `${bridge.name}: the frame is for the host`, `ip -d link show ${bridge.name}`)
  return toHost(journey, bridge, port, came)
}

/** A frame that the host itself sends by the bridge. */
export const fromSelf = async (
  journey: Journey,
  bridge: LinkSeen,
  frame: Packet,
  owner?: PlugSeen,
): Promise<End> => isDown(bridge) ?? toPort(journey, bridge, undefined, frame, owner)

const isDown = ({ up, name }: LinkSeen) =>
  up ? undefined : dropped(name, 'the bridge is down', `ip link set ${name} up`)

/** A port takes and gives frames in one state only. */
const isBlocked = ({ name, port, up }: LinkSeen, bridge: LinkSeen): Drop | undefined => {
  if (!up) return dropped(name, 'it is down', `ip link set ${name} up`)
  if (!port?.state || port.state === 'forwarding') return undefined
  return dropped(
    name,
    `as a port of ${bridge.name} it is ${port.state}`,
    `bridge link set dev ${name} state 3`,
  )
}

const knowsVlans = ({ details }: LinkSeen) => Boolean(details.vlan_filtering)

/** The VLAN of a frame: its tag, or that of the port. */
const intoVlan = async (
  journey: Journey,
  bridge: LinkSeen,
  { name }: LinkSeen,
  frame: Packet,
): Promise<Packet | Drop> => {
  if (!knowsVlans(bridge)) return frame
  const list = (await journey.sight.vlans()).get(name) ?? []
  const vlan = frame.vlan ?? list.find(({ pvid }) => pvid)?.vid
  if (vlan !== undefined && list.some(({ vid }) => vid === vlan)) return { ...frame, vlan }
  return dropped(
    name,
    vlan === undefined ? 'untagged frames belong to no VLAN there' : `it is not in VLAN ${vlan}`,
    `bridge vlan add dev ${name} vid ${vlan ?? 1}${vlan === undefined ? ' pvid untagged' : ''}`,
  )
}

const outOfVlan = async (
  journey: Journey,
  bridge: LinkSeen,
  { name }: LinkSeen,
  frame: Packet,
): Promise<Packet | Drop> => {
  if (!knowsVlans(bridge) || frame.vlan === undefined) return frame
  const found = ((await journey.sight.vlans()).get(name) ?? []).find(({ vid }) => vid === frame.vlan)
  if (found) return found.untagged ? { ...frame, vlan: undefined } : frame
  return dropped(name, `it is not in VLAN ${frame.vlan}`, `bridge vlan add dev ${name} vid ${frame.vlan}`)
}

const toHost = async (journey: Journey, bridge: LinkSeen, port: LinkSeen, frame: Packet): Promise<End> => {
  const passing = { place: HOST, layer: 'bridge', hook: 'input', iif: port.name, oif: bridge.name } as const
  const taken = await throughHook(journey, passing, frame)
  if (isDrop(taken)) return taken
  const legs = await journey.sight.links(HOST)
  const leg = legs.find(
    ({ type, lower, details }) => type === 'vlan' && lower === bridge.name && details.id === frame.vlan,
  )
  return receive(journey, HOST, (frame.vlan !== undefined && leg) || bridge, { ...taken, vlan: undefined })
}

/** Where the forwarding database says it goes; without an entry, to whoever has it, or by all ways out. */
const toPort = async (
  journey: Journey,
  bridge: LinkSeen,
  from: LinkSeen | undefined,
  frame: Packet,
  owner?: PlugSeen,
): Promise<End> => {
  const { sight } = journey
  const links = await sight.links(HOST)
  const entry = (await sight.fdb()).find(
    one =>
      !one.self &&
      one.mac === frame.target &&
      (one.vlan === undefined || frame.vlan === undefined || one.vlan === frame.vlan) &&
      links.some(({ name, master }) => name === one.dev && (master === bridge.name || name === bridge.name)),
  )
  const see = `bridge fdb show br ${bridge.name}`
  const misled = entry && misleading(entry, bridge, owner)
  if (misled) return misled
  const waysOut = waysOutOf(bridge, links, sight.plugs).filter(({ name }) => name !== from?.name)
  const broken = owner && unplugged({ ...owner, bridge: bridge.name }, links)
  if (broken) return broken
  const name = entry?.dev ?? owner?.port
  const port = links.find(one => one.name === name) ?? waysOut[0]
  const stranded = port ? undefined : withoutWayOut(bridge, links, sight.plugs)
  if (stranded) return stranded
  if (!port)
    return dropped(
      bridge.name,
      `nobody there has the MAC address ${frame.target ?? `of ${frame.daddr}`}`,
      see,
    )
  const words = entry
    ? `${frame.target} is at ${port.name}`
    : owner
      ? `${frame.target} is not known yet: to all ports, ${port.name} among them`
      : `${frame.target ?? frame.daddr} is not known: by ${waysOut.map(one => one.name).join(', ')}`
  note(journey, HOST, frame, `${bridge.name}: ${words}`, see)
  return outOf(journey, bridge, from, port, frame)
}

/** An entry that leads to the wrong port. */
const misleading = (
  { mac, dev, state, vlan }: FdbSeen,
  bridge: LinkSeen,
  owner?: PlugSeen,
): Drop | undefined => {
  const isLocal = state === 'permanent'
  if (!isLocal && (!owner?.port || dev === owner.port)) return undefined
  const where = isLocal ? 'the host' : dev
  return dropped(
    `the forwarding database of ${bridge.name}`,
    `it says that ${mac} is at ${where}${owner?.port ? `, but that is container ${owner.container} at ${owner.port}` : ''}`,
    `bridge fdb del ${mac} dev ${dev} master${vlan === undefined ? '' : ` vlan ${vlan}`}`,
  )
}

const outOf = async (
  journey: Journey,
  bridge: LinkSeen,
  from: LinkSeen | undefined,
  port: LinkSeen,
  frame: Packet,
): Promise<End> => {
  const { name } = port
  if (from?.name === name && !port.port?.hairpin)
    return dropped(
      name,
      'a frame does not leave by the port it came in (hairpin is off)',
      `ip link set dev ${name} type bridge_slave hairpin on`,
    )
  if (from?.port?.isolated && port.port?.isolated)
    return dropped(
      name,
      `${from.name} and ${name} are isolated ports (portIsolation, ingressPolicy: isolated)`,
      `bridge -d link show dev ${name}`,
    )
  const wrong = isBlocked(port, bridge) ?? tooNarrow(journey, HOST, port, frame)
  if (wrong) return wrong
  const tagged = await outOfVlan(journey, bridge, port, frame)
  if (isDrop(tagged)) return tagged
  const devices = { iif: from?.name ?? '', oif: name }
  let packet = from ? await shownToIp(journey, bridge, tagged) : tagged
  for (const hook of [from ? 'forward' : 'output', 'postrouting'] as const) {
    if (isDrop(packet)) return packet
    packet = await throughHook(journey, { place: HOST, layer: 'bridge', hook, ...devices }, packet)
  }
  if (isDrop(packet)) return packet
  if (journey.sight.plugs.some(plug => plug.port === name)) return down(journey, port, packet)
  return tunnelled(journey, { kind: 'left', dev: port, bridge, packet })
}

/** With br_netfilter the host's rules see what only crosses the bridge, as if it went through the host. */
const shownToIp = async (journey: Journey, { name }: LinkSeen, packet: Packet): Promise<Packet | Drop> => {
  const word = packet.family === 4 ? 'iptables' : 'ip6tables'
  if ((await journey.sight.sysctl(HOST, `net/bridge/bridge-nf-call-${word}`)) !== '1') return packet
  let seen: Packet | Drop = packet
  for (const hook of ['prerouting', 'forward', 'postrouting'] as const) {
    if (isDrop(seen)) return seen
    const devices = { iif: hook === 'postrouting' ? '' : name, oif: hook === 'prerouting' ? '' : name }
    seen = await throughHook(journey, { place: HOST, hook, ...devices }, seen)
  }
  return seen
}
