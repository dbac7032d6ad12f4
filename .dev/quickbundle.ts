// Run by Bun: cni/quick.ts in one file for QuickJS. bun .dev/quickbundle.ts OUTFILE NAME=VALUE…
const [outfile, ...defines] = process.argv.slice(2)
const root = new URL('..', import.meta.url).pathname

/** What stands in for Node's and Bun's modules, and for files of ours that use them. */
const instead: Record<string, string> = {
  'node:fs': 'fs',
  'node:path': 'path',
  execa: 'execa',
  'ipam/checksum.ts': 'checksum',
  'ipam/flock.ts': 'flock',
  'src/linux/netlink/syscalls.ts': 'syscalls',
}

/** What only the whole program does. */
const elsewhere = ['src/linux/journal.ts']
/** What is used only where there are no system calls. */
const absent = ['node:child_process']

const replace: Bun.BunPlugin = {
  name: 'what QuickJS has instead',
  setup: build => {
    build.onResolve({ filter: /./ }, ({ path, importer }) => {
      const isOurs = path.startsWith('.') && importer.startsWith(root) && !importer.includes('/node_modules/')
      const name = isOurs ? Bun.resolveSync(path, importer.replace(/[^/]*$/, '')).slice(root.length) : path
      const found =
        instead[name] ??
        (elsewhere.includes(name) ? 'elsewhere' : absent.includes(name) ? 'absent' : undefined)
      if (found && !importer.startsWith(`${root}src/quickjs/`))
        return { path: `${root}src/quickjs/${found}.ts` }
      if (/^(node|bun):/.test(name))
        throw new Error(`${importer} imports ${name}, which QuickJS does not have`)
      return undefined
    })
  },
}

const built = await Bun.build({
  entrypoints: [`${root}cni/quick.ts`],
  target: 'browser',
  format: 'esm',
  // Names stay, for stacks that can be read.
  minify: { whitespace: true, syntax: true, identifiers: false },
  // ipam/address.ts asks how ipaddr.js is loaded: here, too, the bundler puts it in.
  define: { ...Object.fromEntries(defines.map(one => one.split('=') as [string, string])), Bun: '{}' },
  plugins: [replace],
})
await Bun.write(outfile!, built.outputs[0]!)
