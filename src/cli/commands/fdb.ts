/** `vethwork fdb`: tell a VXLAN network which VTEP has an address, as a control plane does. */

import type { CommandModule } from 'yargs'
import type { Entry } from '../../linux/vtep.ts'
import { print } from '../terminal.ts'

interface Flags {
  action?: string
  network?: string
  ip?: string
  mac?: string
  vtep?: string
  json?: boolean
}

export const fdb: CommandModule<object, Flags> = {
  command: 'fdb <action> <network> [ip] [mac] [vtep]',
  describe: 'tell a VXLAN network (learning: false) which VTEP has an address',
  builder: {
    action: { choices: ['add', 'del', 'list'], describe: 'what to do' },
    network: { type: 'string', describe: 'its name' },
    ip: { type: 'string', describe: "the container's address" },
    mac: { type: 'string', describe: "its interface's MAC address" },
    vtep: { type: 'string', describe: "its host's end of the tunnels" },
    json: { type: 'boolean', describe: 'list as a JSON array' },
  },
  async handler({ action, network = '', ip, mac, vtep, json }) {
    const { addEntry, delEntry, listEntries } = await import('../../linux/vtep.ts')
    if (action === 'list') {
      const entries = await listEntries(network)
      print(json ? JSON.stringify(entries, null, 2) : table(entries))
      return
    }
    const entry = await sound(ip, mac, vtep)
    await (action === 'add' ? addEntry : delEntry)(network, entry)
  },
}

/** @throws CniError(badConfig) that names what is missing or wrong */
const sound = async (ip = '', mac = '', vtep = ''): Promise<Entry> => {
  const [{ parseAddress, AddressError }, { isMac }, { CniError, codes }] = await Promise.all([
    import('../../../ipam/address.ts'),
    import('../../../cni/schema/fields.ts'),
    import('../../../cni/errors.ts'),
  ])
  const address = (name: string, text: string) => {
    try {
      return parseAddress(text).text
    } catch (error) {
      if (!(error instanceof AddressError)) throw error
      throw new CniError(
        codes.badConfig,
        `${name}: '${text}' ${error.message}`,
        'vethwork fdb add NETWORK IP MAC VTEP',
      )
    }
  }
  if (!isMac(mac))
    throw new CniError(
      codes.badConfig,
      `mac: '${mac}' is no unicast MAC address`,
      'write it as 02:42:0a:16:00:02',
    )
  return { ip: address('ip', ip), mac: mac.toLowerCase(), vtep: address('vtep', vtep) }
}

const table = (entries: readonly Entry[]) =>
  entries.map(({ ip, mac, vtep }) => `${ip.padEnd(40)}${mac}  ${vtep}`).join('\n') || 'Nothing was told.'
