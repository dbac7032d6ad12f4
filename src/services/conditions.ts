/** What a packet must be besides, to be led to a container (portmap's `conditionsV4` and `conditionsV6`). */

export interface Condition {
  readonly field: 'saddr' | 'daddr' | 'iifname'
  readonly not: boolean
  /** An address or a subnet in CIDR notation, or an interface's name. */
  readonly value: string
}

/** As nft text: `ip saddr != 192.0.2.0/24`. */
export const conditionText = (family: 4 | 6, { field, not, value }: Condition) => {
  const operator = not ? '!= ' : ''
  return field === 'iifname'
    ? `iifname ${operator}"${value}"`
    : `${family === 4 ? 'ip' : 'ip6'} ${field} ${operator}${value}`
}
