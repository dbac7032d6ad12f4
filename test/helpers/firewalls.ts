/** Firewalls as hosts have them, and what packets say of them. */
import type { Netns } from './netns.ts'
import { pings } from './packets.ts'

type Place = Pick<Netns, 'sh' | 'ok'>

const both = (kind: 'nft' | 'legacy', line: string) =>
  [`iptables-${kind}`, `ip6tables-${kind}`].map(command => `${command} ${line}`)

/** Each closes FORWARD in its way: shell lines. */
export const closings = {
  'policy DROP, iptables-nft': both('nft', '-P FORWARD DROP'),
  'policy DROP, iptables-legacy': both('legacy', '-P FORWARD DROP'),
  'REJECT at the end': [
    'iptables-nft -A FORWARD -s 203.0.113.0/24 -j ACCEPT',
    ...both('nft', '-A FORWARD -j REJECT'),
  ],
  'as Docker leaves it': [
    ...both('nft', '-N DOCKER-USER'),
    ...both('nft', '-A DOCKER-USER -j RETURN'),
    ...both('nft', '-A FORWARD -j DOCKER-USER'),
    ...both('nft', '-A FORWARD -o docker0 -j ACCEPT'),
    ...both('nft', '-P FORWARD DROP'),
  ],
  'a chain that ends with REJECT, as ufw has': [
    ...both('nft', '-N ufw-reject-forward'),
    ...both('nft', '-A ufw-reject-forward -j REJECT'),
    ...both('nft', '-A FORWARD -j ufw-reject-forward'),
  ],
} as const satisfies Record<string, readonly string[]>

export const shell = (host: Place, lines: readonly string[]) => host.ok('sh', ['-ec', lines.join('\n')])

/** Whether each address answers; a refusal is believed after `count` tries of a second. */
export const answers = async (from: Place, addresses: readonly string[], count = 5) =>
  Object.fromEntries(
    await Promise.all(addresses.map(async address => [address, await pings(from, address, count)] as const)),
  ) as Record<string, boolean>

export const all = (addresses: readonly string[], is: boolean) =>
  Object.fromEntries(addresses.map(address => [address, is]))

/** Rules of the filter tables that iptables-save prints, of either kind and both families. */
export const filterRules = async (host: Place): Promise<string[]> => {
  const commands = ['iptables', 'ip6tables'].flatMap(one => [`${one}-nft-save`, `${one}-legacy-save`])
  const shown = await Promise.all(commands.map(command => host.sh(command, ['-t', 'filter'])))
  return shown.flatMap(({ stdout }, n) =>
    stdout
      .split('\n')
      .filter(line => /^[:-]/.test(line))
      .map(line => `${commands[n]} ${line.replace(/\[.*/, '').trim()}`),
  )
}

/** Whatever jumps to a chain of ours, out of it. */
export const withoutJumps = `for c in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
  $c-save -t filter 2>/dev/null | grep -- '-j VETHWORK-' | sed 's/^-A/-D/' | while read -r line; do eval $c "$line"; done
done`
