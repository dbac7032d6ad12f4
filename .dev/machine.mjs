// What the tests must leave as it was: the network of the machine they run on.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const said = (file, ...args) => spawnSync(file, args, { encoding: 'utf8' }).stdout ?? ''
const read = path => (existsSync(path) ? readFileSync(path, 'utf8').trim() : 'absent')
const lines = text => text.split('\n').filter(Boolean)

const links = () =>
  JSON.parse(said('ip', '-j', 'link') || '[]').map(
    ({ ifname, address, mtu, master = '', ifalias = '', flags }) =>
      `link ${[ifname, address, mtu, master, ifalias, flags.includes('UP') ? 'up' : 'down'].join(' ')}`,
  )

/** Those of other test runs, which live still, come and go. */
const isOthers = name => {
  const [, pid] = /^vwt-(\d+)-/.exec(name) ?? []
  return pid !== undefined && existsSync(`/proc/${pid}`)
}

const namespaces = () =>
  lines(said('ip', 'netns'))
    .map(line => line.split(' ')[0])
    .filter(name => !isOthers(name))
    .map(name => `netns ${name}`)

const forwarding = () =>
  ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'].map(key => `${key} ${read(`/proc/sys/net/${key}`)}`)

const take = () => [
  ...links(),
  ...namespaces(),
  ...forwarding(),
  ...lines(said('nft', '--stateless', 'list', 'ruleset')).map(line => `nft ${line}`),
]

/** Looks now; the function it returns looks again and tells what is different, one line each. */
export const rememberMachine = () => {
  const before = take()
  return () => {
    const after = take()
    return [
      ...before.filter(line => !after.includes(line) && !line.startsWith('netns ')).map(line => `- ${line}`),
      ...after.filter(line => !before.includes(line)).map(line => `+ ${line}`),
    ]
  }
}
