import { compared } from './bothdrivers.ts'
import type { Netns } from './netns.ts'
import { executable, referenceDir } from './plugins.ts'
import type { Ran } from './run.ts'

export type Verb = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION'

export interface Call {
  readonly command: Verb | (string & {})
  /** Written to stdin: an object as JSON, text as it is. */
  readonly config: object | string
  /** Gives container ID and namespace at once. */
  readonly container?: { readonly id: string; readonly path: string }
  readonly containerId?: string
  readonly netns?: string
  /** Default eth0. */
  readonly ifname?: string
  /** CNI_ARGS */
  readonly args?: string
  /** The program, default dist/vethwork. With `path` and without this: the one named by the configuration's type. */
  readonly binary?: string
  /** CNI_PATH, one directory. */
  readonly path?: string
  /** Wins over everything above; undefined takes a variable away. */
  readonly env?: Record<string, string | undefined>
  /** Put into the configuration. */
  readonly prevResult?: object
  readonly timeout?: number
}

export interface CniRan extends Ran {
  /** stdout parsed; undefined when it is empty or no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: seven versions of results, and errors
  readonly json: any
}

/** Where a call happens: a host (its state directory is passed on) or anything else with a `sh`. */
export type Place = Pick<Netns, 'sh'> & Partial<Pick<Netns, 'name' | 'ok'>> & { readonly stateDir?: string }

const alone = ['GC', 'STATUS', 'VERSION']

/** Calls a plugin as a runtime would. */
export const cni = async (host: Place, call: Call): Promise<CniRan> => {
  const { config, container, path } = call
  const type = typeof config === 'object' && 'type' in config ? String(config.type) : undefined
  const binary = call.binary ?? (path && type ? `${path}/${type}` : executable)
  const attachment = alone.includes(call.command)
    ? {}
    : {
        CNI_CONTAINERID: call.containerId ?? container?.id,
        CNI_NETNS: call.netns ?? container?.path,
        CNI_IFNAME: call.ifname ?? 'eth0',
        CNI_ARGS: call.args,
      }
  const env = {
    CNI_COMMAND: call.command,
    CNI_PATH: path ?? binary.replace(/\/[^/]*$/, ''),
    VETHWORK_STATE_DIR: host.stateDir,
    ...attachment,
    ...call.env,
  }
  const stdin =
    call.prevResult && typeof config === 'object' ? { ...config, prevResult: call.prevResult } : config
  const input = typeof stdin === 'string' ? stdin : JSON.stringify(stdin)
  const compare = binary.startsWith(referenceDir) ? undefined : await compared(host, call)
  const ran = await host.sh(binary, [], { env, input, timeout: call.timeout ?? 60_000 })
  await compare?.(ran.exitCode === 0)
  return { ...ran, json: parsed(ran.stdout) }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
