// A Debian package out of dist/: node .dev/deb.mjs [DIRECTORY [COMPRESSION]], by default into dist/, by xz.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { changelog, control, copyright, entriesOf, overrides, readme } from './debian.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const [directory = `${root}dist`, compression = 'xz'] = process.argv.slice(2)
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const executable = `${root}dist/vethwork`
const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch]
// As devscripts have it: whoever builds it.
const { DEBFULLNAME = 'vethwork', DEBEMAIL = 'root@localhost', SOURCE_DATE_EPOCH } = process.env
const maintainer = `${DEBFULLNAME} <${DEBEMAIL}>`
const date = new Date(SOURCE_DATE_EPOCH ? SOURCE_DATE_EPOCH * 1000 : Date.now())
  .toUTCString()
  .replace('GMT', '+0000')

/** The newest glibc whose symbols the executable asks for. */
const libc = () => {
  const versions = readFileSync(executable, 'latin1').match(/GLIBC_2\.\d+/g) ?? []
  return `2.${Math.max(...versions.map(one => Number(one.slice('GLIBC_2.'.length))))}`
}

const said = (...args) => execFileSync(executable, args, { env: { PATH: process.env.PATH } })
const zipped = text => gzipSync(text, { level: 9 })

/** By path: what is there. A link is an array. */
const files = {
  'usr/lib/cni/vethwork': undefined,
  'usr/lib/cni/vethwork-ipam': ['vethwork'],
  'usr/bin/vethwork': ['../lib/cni/vethwork'],
  'usr/share/man/man8/vethwork.8.gz': zipped(said('man')),
  'usr/share/bash-completion/completions/vethwork': said('completion', 'bash'),
  'usr/share/zsh/vendor-completions/_vethwork': said('completion', 'zsh'),
  'usr/share/vethwork/vethwork.schema.json': said('conf', 'schema'),
  'usr/share/doc/vethwork/README.Debian': readme,
  ...Object.fromEntries(
    ['FIELDS.md', 'HOSTS.md', 'OPERATING.md', 'PODMAN.md', 'SERVICES.md'].map(name => [
      `usr/share/doc/vethwork/${name}.gz`,
      zipped(readFileSync(`${root}examples/${name}`)),
    ]),
  ),
  'usr/share/doc/vethwork/changelog.gz': zipped(
    changelog({ version, maintainer, date, entries: entriesOf(readFileSync(`${root}CHANGELOG.md`, 'utf8')) }),
  ),
  'usr/share/doc/vethwork/copyright': copyright,
  'usr/share/lintian/overrides/vethwork': overrides,
}

const put = (tree, path, content) => {
  const place = join(tree, path)
  mkdirSync(dirname(place), { recursive: true, mode: 0o755 })
  if (Array.isArray(content)) return symlinkSync(content[0], place)
  if (content === undefined) copyFileSync(executable, place)
  else writeFileSync(place, content)
  chmodSync(place, content === undefined ? 0o755 : 0o644)
}

process.umask(0o022)
const tree = mkdtempSync(join(tmpdir(), 'vethwork-deb-'))
try {
  chmodSync(tree, 0o755)
  for (const [path, content] of Object.entries(files)) put(tree, path, content)
  const regular = Object.keys(files).filter(path => !Array.isArray(files[path]))
  const bytes = regular.map(path => readFileSync(join(tree, path)))
  const md5 = bytes
    .map((one, n) => `${createHash('md5').update(one).digest('hex')}  ${regular[n]}\n`)
    .join('')
  const size = Math.ceil(bytes.reduce((sum, one) => sum + one.length, 0) / 1024)
  put(tree, 'DEBIAN/control', control({ version, arch, maintainer, libc: libc(), size }))
  put(tree, 'DEBIAN/md5sums', md5)
  const deb = `${directory}/vethwork_${version}_${arch}.deb`
  // No scripts: dpkg replaces by rename, and what runs is not its business.
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '-z2', '--build', tree, `${deb}.new`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  renameSync(`${deb}.new`, deb)
  console.log(`built ${deb}`)
} finally {
  rmSync(tree, { recursive: true, force: true })
}
