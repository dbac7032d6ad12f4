/** A network namespace: the one the process runs in, or the one a path leads to. */
export const HOST = 'host'
export type Netns = typeof HOST | `/${string}`
