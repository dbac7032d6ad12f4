// The program for CNI calls: QuickJS out of Debian's sources, src/quickjs/*.c, and in its memory cni/quick.ts, evaluated.
// What is made on the way lies in dist/quickjs; the engine itself is compiled once.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Debian 13's; of its archive only the sources are taken, by whichever Debian. */
const VERSION = '2025.04.26'
const PACKAGE = `quickjs=${VERSION}-1`
const RELEASE = 'trixie'
const TARBALL = `quickjs_${VERSION}.orig.tar.xz`
const SHA256 = 'ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Where JavaScript and its heap lie: apart from Bun's program, which has its place at 0x200000. */
const TEXT = '0x40000000'
const HEAP = '0x48000000'

const OPTIMIZED = ['-O2', '-fwrapv', '-fno-pie', '-D_GNU_SOURCE', `-DCONFIG_VERSION="${VERSION}"`]
/** It runs before there is any libc: nothing of one may be called. */
const FREESTANDING = [
  ...['-O2', '-fno-pie', '-ffreestanding', '-fno-stack-protector', '-fcf-protection=none'],
  '-fno-tree-loop-distribute-patterns',
]
const ENGINE = ['quickjs', 'libregexp', 'libunicode', 'cutils', 'dtoa']

/** It cannot be made on this machine. */
export class Missing extends Error {}

/**
 * @param {string} root of the project
 * @param {string} bun
 * @param {readonly string[]} defines for the bundler
 * @returns {string} path of the program
 * @throws Missing
 */
export const buildQuick = (root, bun, defines) => {
  if (process.arch !== 'x64') throw new Missing('it is for x86-64')
  const place = `${root}dist/quickjs/`
  mkdirSync(place, { recursive: true })
  const engine = compiledEngine(place)
  const sources = `${root}src/quickjs/`
  run('gcc', [
    ...OPTIMIZED,
    '-Wall',
    '-Wextra',
    '-Werror',
    `-isystem${engine}`,
    '-c',
    `${sources}host.c`,
    '-o',
    `${place}host.o`,
  ])
  run('gcc', [
    ...FREESTANDING,
    '-Wall',
    '-Wextra',
    '-Werror',
    '-c',
    `${sources}loader.c`,
    '-o',
    `${place}loader.o`,
  ])
  const objects = [
    ...['host', 'loader'].map(name => `${place}${name}.o`),
    ...ENGINE.map(name => `${engine}${name}.o`),
  ]
  const links = [
    `-Ttext-segment=${TEXT}`,
    `--section-start=.heap=${HEAP}`,
    '-e',
    'vethwork_entry',
    '-z',
    'noexecstack',
  ]
  const raw = `${place}raw`
  run('gcc', ['-static', '-no-pie', ...links.map(link => `-Wl,${link}`), ...objects, '-lm', '-o', raw])

  const bundle = `${place}quick.js`
  run(bun, ['run', '--no-install', `${root}.dev/quickbundle.ts`, bundle, ...defines], { cwd: root })
  const image = `${place}heap`
  writeFileSync(image, evaluated(raw, bundle, image))
  const quick = `${place}quick`
  run('objcopy', ['--update-section', `.heap=${image}`, raw, quick])
  return quick
}

/** Numbers of 8 bytes that are set anew when it begins: two of its stack, and the seed of its Math.random. */
const FLEETING = 3 * 8

/** What evaluating left in memory, where each process begins: whenever and wherever it is done, the same. */
const evaluated = (raw, bundle, image) => {
  const [one, other] = ['one', 'two'].map(name => {
    run(raw, [bundle, image], { env: { CNI_COMMAND: 'none', [name]: name.repeat(50) } })
    return readFileSync(image)
  })
  const different = [...one.keys()].filter(at => one[at] !== other[at])
  if (different.length > FLEETING)
    throw new Error('cni/quick.ts looks at its environment while it is evaluated')
  for (const at of different) one[at] = 0
  return one
}

/**
 * Two programs in one file: the second begins at the first page behind the first (src/quickjs/loader.c).
 * @returns {Buffer}
 */
export const joined = (quick, whole) => {
  const first = readFileSync(quick)
  const PAGE = 4096
  const gap = Buffer.alloc((PAGE - (first.length % PAGE)) % PAGE)
  return Buffer.concat([first, gap, readFileSync(whole)])
}

/** @returns where its headers and objects are */
const compiledEngine = place => {
  const sources = `${place}quickjs-${VERSION}/`
  const tarball = `${place}${TARBALL}`
  if (!existsSync(tarball)) fetchSources(place)
  const sum = createHash('sha256').update(readFileSync(tarball)).digest('hex')
  if (sum !== SHA256) throw new Error(`${TARBALL} is not what it was`)
  const recipe = JSON.stringify([SHA256, OPTIMIZED])
  const done = `${sources}recipe.json`
  if (existsSync(done) && readFileSync(done, 'utf8') === recipe) return sources
  run('tar', ['-C', place, '-xf', tarball])
  for (const name of ENGINE)
    run('gcc', [...OPTIMIZED, '-c', `${sources}${name}.c`, '-o', `${sources}${name}.o`])
  writeFileSync(done, recipe)
  return sources
}

/** By apt, from where this Debian has its packages, with its keys; nothing of this machine's apt is touched. */
const fetchSources = place => {
  const targets = execFileSync(
    'apt-get',
    ['indextargets', '--format', '$(RELEASE) $(COMPONENT) $(REPO_URI)'],
    {
      encoding: 'utf8',
    },
  )
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  const uri = targets
    .split('\n')
    .map(line => line.split(' '))
    .find(([release, component]) => release === codename && component === 'main')?.[2]
  if (!uri || !existsSync(KEYRING)) throw new Missing('its sources are fetched by the apt of a Debian')
  const scratch = mkdtempSync(join(tmpdir(), 'vethwork-quickjs-'))
  try {
    for (const folder of ['lists/partial', 'archives/partial'])
      mkdirSync(join(scratch, folder), { recursive: true })
    writeFileSync(join(scratch, 'sources.list'), `deb-src [signed-by=${KEYRING}] ${uri} ${RELEASE} main\n`)
    const own = {
      'Dir::Etc::SourceList': join(scratch, 'sources.list'),
      'Dir::Etc::SourceParts': '/dev/null',
      'Dir::State::Lists': join(scratch, 'lists'),
      'Dir::Cache': scratch,
      'APT::Sandbox::User': '',
    }
    const apt = (...args) =>
      run(
        'apt-get',
        [...Object.entries(own).flatMap(([name, value]) => ['-o', `${name}=${value}`]), ...args],
        {
          cwd: place,
        },
      )
    apt('-qq', 'update')
    apt('-qq', 'source', '--download-only', '--only-source', PACKAGE)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

const run = (file, args, options = {}) => {
  try {
    execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], ...options })
  } catch (error) {
    throw new Error(
      error.code === 'ENOENT' ? `${file} is missing` : `${file}: ${error.stderr || error.message}`,
    )
  }
}
