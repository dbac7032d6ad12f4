// Modules that only the whole program has, for .dev/tsconfig.quick.json.
declare module 'bun:ffi'
declare module 'node:child_process'
