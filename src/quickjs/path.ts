/** node:path as far as a CNI call needs it: of paths without `..`. */

export const dirname = (path: string): string => {
  const end = path.lastIndexOf('/')
  return end < 0 ? '.' : path.slice(0, end) || '/'
}

export const join = (...parts: readonly string[]): string =>
  parts
    .join('/')
    .replace(/\/\.(?=\/|$)/g, '')
    .replace(/\/{2,}/g, '/')
