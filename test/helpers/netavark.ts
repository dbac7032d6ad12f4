import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import type { Container, Host } from './host.ts'
import { executable } from './plugins.ts'
import type { Ran } from './run.ts'

/** Debian's, or what NETAVARK says: one of 1.6 or newer calls plugins. */
const program = process.env.NETAVARK ?? '/usr/lib/podman/netavark'

/** Whether that netavark is here and knows plugins; Debian 12 has 1.4, which does not. */
export const callsPlugins = ((): boolean => {
  if (!existsSync(program)) return false
  return execFileSync(program, ['--help'], { encoding: 'utf8' }).includes('--plugin-directory')
})()

export interface Wish {
  readonly interface_name?: string
  readonly static_ips?: readonly string[]
  readonly static_mac?: string
  readonly aliases?: readonly string[]
  readonly options?: Readonly<Record<string, string>>
}

export interface PortMapping {
  readonly container_port: number
  readonly host_port: number
  readonly host_ip?: string
  readonly protocol?: string
  readonly range?: number
}

type Network = { readonly name: string }

/** podman run: one container on its networks. */
export interface Run {
  readonly container: Container
  readonly networks: readonly (readonly [Network, Wish])[]
  readonly ports?: readonly PortMapping[]
}

const env = (host: Host) => ({
  CNI_COMMAND: undefined,
  VETHWORK_STATE_DIR: host.stateDir,
  NETAVARK_FW: 'none',
})

/** `podman network create`: podman itself calls the plugin. */
export const create = async (host: Host, network: object): Promise<Ran> =>
  host.sh(executable, ['create'], { env: env(host), input: JSON.stringify(network) })

/** netavark setup or teardown, as podman calls it. Without one that knows plugins: what that would do. */
export const netavark = (host: Host, command: 'setup' | 'teardown', run: Run): Promise<Ran> =>
  callsPlugins ? byNetavark(host, command, run) : asNetavark(host, command, run)

const mapping = ({ host_ip = '', protocol = 'tcp', range = 1, ...ports }: PortMapping) => ({
  ...ports,
  host_ip,
  protocol,
  range,
})

const whole = (wish: Wish) => ({ interface_name: 'eth0', ...wish })

const byNetavark = (host: Host, command: string, { container, networks, ports = [] }: Run) => {
  const plugins = `${host.directory}/netavark`
  if (!existsSync(plugins)) {
    mkdirSync(plugins)
    symlinkSync(executable, `${plugins}/vethwork`)
  }
  const input = JSON.stringify({
    container_id: container.id,
    container_name: container.name,
    port_mappings: ports.map(mapping),
    networks: Object.fromEntries(networks.map(([{ name }, wish]) => [name, whole(wish)])),
    network_info: Object.fromEntries(networks.map(([network]) => [network.name, network])),
  })
  const flags = ['--config', `${host.directory}/aardvark`, '--plugin-directory', plugins]
  return host.sh(program, [...flags, command, container.path], { env: env(host), input })
}

/** What a plugin gets on stdin, a network each (netavark's src/network/plugin.rs): what is not set is null. */
export const execsOf = ({ container, networks, ports = [] }: Run) =>
  networks.map(([network, wish]) => ({
    container_id: container.id,
    container_name: container.name,
    port_mappings: ports.map(mapping),
    network: { network_interface: null, routes: null, network_dns_servers: null, ...network },
    network_options: { aliases: null, static_ips: null, static_mac: null, options: null, ...whole(wish) },
  }))

/** One call a network; the answers by its name. */
const asNetavark = async (host: Host, command: string, run: Run): Promise<Ran> => {
  const answers: Record<string, unknown> = {}
  for (const exec of execsOf(run)) {
    const options = { env: env(host), input: JSON.stringify(exec) }
    const ran = await host.sh(executable, [command, run.container.path], options)
    if (ran.exitCode !== 0) return ran
    if (ran.stdout) answers[exec.network.name] = JSON.parse(ran.stdout)
  }
  return { exitCode: 0, stderr: '', stdout: command === 'setup' ? JSON.stringify(answers) : '' }
}
