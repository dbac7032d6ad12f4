// fill.ts DIRECTORY COUNT: leases of 10.90.0.2 and on, as one ADD after the other would have left them.
import { addressAt, parseAddress } from '../../ipam/address.ts'
import { readBootId } from '../../ipam/boot.ts'
import { openDirectory } from '../../ipam/file.ts'
import { folders, State } from '../../ipam/state.ts'

const [path = '', count = '0'] = process.argv.slice(2)
const bootId = readBootId()
const first = parseAddress('10.90.0.2')
const state = new State(openDirectory(path, folders), 'bench', bootId)
state.pool.data.imported = '/var/lib/cni/networks/bench'
const record = (n: number) => ({
  containerId: `c${n}`,
  ifname: 'eth0',
  bootId,
  netns: null,
  netnsInode: null,
  since: '2026-01-01T00:00:00.000Z',
})
const held = Array.from({ length: Number(count) }, (_, n) => ({
  address: addressAt(4, first.value + BigInt(n)),
  record: record(n),
}))
state.moveCursor(held.at(-1)!.address, () => true)
state.put(held)
