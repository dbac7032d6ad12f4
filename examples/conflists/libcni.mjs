// What a container runtime does with a conflist (libcni, specification section 3), at its smallest:
// node libcni.mjs add|del FILE CONTAINER. The result of ADD is kept beside, for DEL.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const [verb, file, id] = process.argv.slice(2)
const { cniVersion, name, plugins } = JSON.parse(readFileSync(file, 'utf8'))
const kept = `${name}-${id}.json`
let prevResult = verb === 'del' && existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : undefined

// ADD in the order of the list, each plugin with the result of the one before; DEL in the reverse order.
for (const plugin of verb === 'del' ? plugins.toReversed() : plugins) {
  const place = process.env.CNI_PATH.split(':').find(directory => existsSync(`${directory}/${plugin.type}`))
  if (!place)
    throw new Error(
      `${plugin.type} is in no directory of CNI_PATH: apt-get install containernetworking-plugins`,
    )
  const env = {
    ...process.env,
    CNI_COMMAND: verb.toUpperCase(),
    CNI_CONTAINERID: id,
    CNI_NETNS: `/run/netns/${id}`,
    CNI_IFNAME: 'eth0',
  }
  const input = JSON.stringify({ ...plugin, cniVersion, name, prevResult })
  const { status, stdout } = spawnSync(`${place}/${plugin.type}`, {
    env,
    input,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  console.log(`  ${verb.toUpperCase()} ${plugin.type}: ${status === 0 ? 'done' : stdout}`)
  if (status !== 0) process.exit(1)
  if (verb === 'add') prevResult = JSON.parse(stdout)
}
if (verb === 'add') writeFileSync(kept, JSON.stringify(prevResult))
