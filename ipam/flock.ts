/** flock(2), which Node does not have: by Bun's FFI. The program for CNI calls has a version of its own (src/quickjs/flock.ts). */

let loading: Promise<((fd: number, operation: number) => number) | undefined> | undefined

/** libc's flock where there is Bun's FFI and glibc; undefined otherwise. */
export const flockFunction = () => {
  loading ??= loadFlock()
  return loading
}

const loadFlock = async () => {
  if (typeof Bun === 'undefined') return undefined
  try {
    const { dlopen } = await import('bun:ffi')
    return dlopen('libc.so.6', { flock: { args: ['i32', 'i32'], returns: 'i32' } }).symbols.flock
  } catch {
    return undefined
  }
}
