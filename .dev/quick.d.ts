// What the program for CNI calls has for globals, for .dev/tsconfig.quick.json: those of src/quickjs/process.ts.
import type { Buffer as QuickBuffer } from '../src/quickjs/buffer.ts'
import type { globals } from '../src/quickjs/process.ts'

type Globals = typeof globals

declare global {
  type Buffer = QuickBuffer
  const Buffer: typeof QuickBuffer
  const process: Globals['process'] & {
    getBuiltinModule(name: string): { createRequire(url: string): typeof require }
  }
  const console: Globals['console']
  const performance: Globals['performance']
  const crypto: Globals['crypto']
  const setTimeout: Globals['setTimeout']
  const TextEncoder: Globals['TextEncoder']
  // Of files, or parts of files, that are not reached here.
  const Bun: { hash: { crc32(text: string): number } }
  const require: (name: string) => typeof import('ipaddr.js')
  interface ImportMeta {
    url: string
  }
  interface AbortSignal {
    readonly aborted: boolean
  }
  namespace NodeJS {
    interface ErrnoException extends Error {
      code?: string
    }
  }
}
