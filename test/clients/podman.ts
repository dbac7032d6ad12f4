import type { Machine } from '../helpers/machine.ts'
import type { Ran } from '../helpers/run.ts'
import { imageName } from './image.ts'

const containersConf = (network: string, engine: string, containers: string) => `
[containers]
log_driver = "k8s-file"
${containers}
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
${engine}
[network]
${network}
`
/** podman 4 as a runtime of CNI. */
const cni = `network_backend = "cni"
cni_plugin_dirs = ["/opt/cni/bin"]
network_config_dir = "/etc/cni/net.d"`
const storageConf = `
[storage]
driver = "vfs"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
`
const env = { CONTAINERS_CONF: '/etc/vwt/containers.conf', CONTAINERS_STORAGE_CONF: '/etc/vwt/storage.conf' }

export interface Podman {
  podman(...args: string[]): Promise<Ran>
  /** `podman run --rm`, to its end. */
  run(network: string, ...command: string[]): Promise<Ran>
  /** Starts a container that sleeps: its ID and address. */
  sleeper(network: string, ...options: string[]): Promise<{ id: string; address: string }>
  remove(id: string): Promise<Ran>
}

/** A podman with storage of its own on the machine, with the image. Its state ends with the machine. */
export const podmanOn = async (
  machine: Machine,
  archive: string,
  { program = 'podman', network = cni, engine = '', containers = '' } = {},
): Promise<Podman> => {
  machine.write('/etc/vwt/containers.conf', containersConf(network, engine, containers))
  machine.write('/etc/vwt/storage.conf', storageConf)
  const podman = (...args: string[]) => machine.sh(program, args, { env, timeout: 60_000 })
  const good = async (...args: string[]) => {
    const ran = await podman(...args)
    if (ran.exitCode !== 0) throw new Error(`podman ${args.join(' ')}: ${ran.stderr}`)
    return ran.stdout.trim()
  }
  await good('load', '-i', archive)
  const run = ['run', `--cgroup-parent=${machine.cgroup}`]
  return {
    podman,
    run: (network, ...command) => podman(...run, '--rm', `--network=${network}`, imageName, ...command),
    sleeper: async (network, ...options) => {
      const id = await good(...run, '--detach', `--network=${network}`, ...options, imageName, 'sleep', '600')
      const address = await good(
        'inspect',
        '--format',
        '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
        id,
      )
      return { id, address }
    },
    remove: id => podman('rm', '--force', '--time=0', id),
  }
}
