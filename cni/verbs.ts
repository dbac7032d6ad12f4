/** Which function serves which verb; each is loaded when it is asked for. */

import { trace } from '../src/linux/trace.ts'
import type { Config } from './config.ts'
import type { Personality } from './personality.ts'
import type { Request } from './request.ts'
import { refuseTooOld } from './versions.ts'

/** @returns the JSON for stdout, or undefined for none */
export const serve = async (
  request: Request,
  text: string,
  personality: Personality,
): Promise<object | undefined> => {
  const work = () => answer(request, text, personality)
  if (!text.includes('"logFile"')) return work()
  return (await import('./log/logged.ts')).logged(request, text, personality.name, work)
}

const answer = async (
  request: Request,
  text: string,
  personality: Personality,
): Promise<object | undefined> => {
  const { parseConfig } = await import('./config.ts')
  const config = parseConfig(text, personality)
  trace('configured')
  refuseTooOld(request.verb, config.cniVersion)
  if (personality.role === 'ipam') return (await import('./ipam-plugin.ts')).serveAddresses(request, config)
  if (request.verb !== 'DEL' && request.verb !== 'GC') {
    const { refuseContradictions } = await import('./contradictions.ts')
    refuseContradictions(config.net, config.ipam, config.wants)
  }
  return verbs[request.verb as keyof typeof verbs](request, config)
}

const verbs = {
  async ADD(request: Request, config: Config) {
    const [{ add }, { renderResult }] = await Promise.all([import('./add.ts'), import('./result.ts')])
    return renderResult(await add(request, config), config.cniVersion)
  },
  async DEL(request: Request, config: Config) {
    await (await import('./del.ts')).del(request, config)
    return undefined
  },
  async CHECK(request: Request, config: Config) {
    await (await import('./check.ts')).check(request, config)
    return undefined
  },
  async GC(request: Request, config: Config) {
    await (await import('./gc.ts')).gc(request, config)
    return undefined
  },
  async STATUS(request: Request, config: Config) {
    await (await import('./status.ts')).status(request, config)
    return undefined
  },
} as const
