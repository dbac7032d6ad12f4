// Two hosts joined by a switch, with two containers on the first and one on the second; made twice, by the plugin and by hand.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { clear, host, netns } from './arena.mjs'
import { call } from './contenders.mjs'
import { address, hostAddress, UNDERLAY } from './devices.mjs'

const batch = (tool, path, lines) =>
  execFileSync('nsenter', [`--net=${path}`, tool, '-batch', '-'], {
    input: lines.map(line => `${line}\n`).join(''),
  })
const ip = (path, lines) => batch('ip', path, lines)

/** What is done by hand in either case. */
const finish = (path, { after = {} }) => {
  for (const [tool, lines] of Object.entries(after)) batch(tool, path, lines)
}

const hosts = () => {
  const wire = host()
  ip(wire.path, ['link add switch up type bridge'])
  return [1, 2].map(n => {
    const one = host()
    ip(wire.path, [`link add port${n} master switch up type veth peer name ${UNDERLAY} netns ${one.path}`])
    ip(one.path, [`addr add ${hostAddress(n)}/24 dev ${UNDERLAY}`, `link set ${UNDERLAY} up`])
    return one
  })
}

/** The first two are on the first host, the third on the second. */
const containers = () => netns(3).map((path, i) => ({ netns: path, id: `c${i + 1}`, n: i + 1 }))
const on = (all, self) => all.filter(({ n }) => (n === 3 ? 2 : 1) === self)

const byPlugin = async (mode, description) => {
  const all = containers()
  for (const [i, one] of hosts().entries()) {
    for (const container of on(all, i + 1)) {
      const range = {
        subnet: '10.70.0.0/24',
        rangeStart: address(container.n),
        rangeEnd: address(container.n),
      }
      const ipam = { type: 'vethwork-ipam', ranges: [[range]], dataDir: join(one.directory, container.id) }
      const whole = {
        cniVersion: '1.0.0',
        name: 'bench',
        type: 'vethwork',
        mode,
        ...description.config,
        ipam,
      }
      await call({ plugins: [{ binary, config: () => whole }] }, 'ADD', one, container)
    }
    finish(one.path, description)
  }
  return all
}
const binary = process.env.VETHWORK_BIN ?? new URL('../../dist/vethwork', import.meta.url).pathname

const byHand = description => {
  const all = containers()
  for (const [i, one] of hosts().entries()) {
    const here = [i + 1, on(all, i + 1)]
    ip(one.path, description.byHand(...here))
    if (description.bridgeByHand) batch('bridge', one.path, description.bridgeByHand(...here))
    finish(one.path, description)
  }
  for (const { netns: path, n } of all) ip(path, [`addr add ${address(n)}/24 dev eth0`, 'link set eth0 up'])
  return all
}

/** @returns for each way the containers, in the order of the addresses */
export const built = async (mode, description) => ({
  vethwork: await byPlugin(mode, description),
  'by hand': byHand(description),
})

/** Whether this kernel can. */
export const can = ({ needs }) => {
  const [path] = netns(1)
  try {
    if (needs)
      execFileSync('nsenter', [`--net=${path}`, 'ip', '-batch', '-'], {
        input: `link add v0 type veth peer name v1\nlink add t0 ${needs}\n`,
        stdio: ['pipe', 'ignore', 'ignore'],
      })
    return true
  } catch {
    return false
  }
}

export { clear }
