import type { Container } from './host.ts'
import type { configOf } from './modes.ts'
import type { Scene } from './scene.ts'

/** Two containers on one network, and a machine outside: who can be reached from where is the question. */
export const pairOn = async (opened: Scene, config: ReturnType<typeof configOf>) => {
  const [one, two] = (await opened.host.containers(2)) as [Container, Container]
  const outside = await opened.host.outside()
  const results = [(await opened.add(one, config)).json, (await opened.add(two, config)).json]
  const of = ({ ips }: { ips: { address: string }[] }, colon: boolean) =>
    ips.find(({ address }) => address.includes(':') === colon)?.address.split('/')[0] ?? ''
  const [here, there] = results.map(result => ({ v4: of(result, false), v6: of(result, true) }))
  const [bridge, port] = results[0].interfaces.map(({ name }: { name: string }) => name) as [string, string]
  return { ...opened, one, two, outside, bridge, port, here: here!, there: there!, result: results[0] }
}
