/** The path of Bun; it may be missing, as on a machine of another kind. */
const architecture = process.arch === 'arm64' ? 'aarch64' : 'x64'

export const bun = new URL(`../../node_modules/@oven/bun-linux-${architecture}/bin/bun`, import.meta.url)
  .pathname
