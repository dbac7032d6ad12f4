// Debian and Ubuntu packages, and what they are needed for.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'

/** A package, or several of which one is enough; the first is installed. Beside it the program that it brings. */
const packages = {
  // What compiles the program for CNI calls.
  build: {
    gcc: 'gcc',
    'libc6-dev': '/usr/include/stdlib.h',
    binutils: 'objcopy',
    'xz-utils': 'xz',
  },
  demo: {
    iproute2: 'ip',
    nftables: 'nft',
    'iputils-ping': 'ping',
    'util-linux': 'nsenter',
    procps: 'sysctl',
  },
  test: {
    'containernetworking-plugins': '/usr/lib/cni/bridge',
    // Docker's own containerd.io excludes Debian's two, and brings both programs.
    'containerd|containerd.io': 'containerd',
    'runc|containerd.io': 'runc',
    podman: 'podman',
    iptables: 'iptables',
    tcpdump: 'tcpdump',
    ethtool: 'ethtool',
    'busybox-static': 'busybox',
    strace: 'strace',
    'iputils-arping': 'arping',
    conntrack: 'conntrack',
    'python3-minimal': '/usr/bin/python3',
    mandoc: 'mandoc',
    'man-db': 'man',
  },
  // A machine with a stock kernel, for what this one lacks.
  vm: {
    'qemu-system-x86': 'qemu-system-x86_64',
    'busybox-static': 'busybox',
    kmod: 'depmod',
    cpio: 'cpio',
    'xz-utils': 'xz',
    zstd: 'zstd',
  },
}
packages.demo = { ...packages.build, ...packages.demo }
packages.test = { ...packages.demo, ...packages.test }
// Its service starts with its installation and would be this machine's firewall: only where systemd does not run.
if (!existsSync('/run/systemd/system')) packages.test.firewalld = 'firewalld'

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
const FORMAT = '-f=${Package} ${db:Status-Status}\n'

/** Names of those that are to be installed. Where there is no dpkg, those whose program is missing. */
export const missingPackages = purpose => {
  const wanted = Object.entries(packages[purpose])
  const listed = wanted.flatMap(([names]) => names.split('|'))
  const query = spawnSync('dpkg-query', ['-W', FORMAT, ...listed], { encoding: 'utf8' })
  const installed = query.error ? undefined : query.stdout.split('\n')
  const isThere = (names, program) =>
    installed ? names.split('|').some(name => installed.includes(`${name} installed`)) : isProgram(program)
  return wanted.filter(([names, program]) => !isThere(names, program)).map(([names]) => names.split('|')[0])
}

const isProgram = name =>
  name.startsWith('/')
    ? existsSync(name)
    : `${process.env.PATH}:/usr/sbin:/sbin`.split(':').some(place => isExecutable(`${place}/${name}`))

const isExecutable = file => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const apt = (...args) =>
  spawnSync('apt-get', args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  })

/** Installs, or says how and ends the process. */
export const setUpPackages = names => {
  const isDebian = !apt('--version').error
  const isRoot = process.getuid() === 0
  if (!isDebian || !isRoot) {
    const how = `apt-get install --no-install-recommends ${names.join(' ')}`
    console.error(isDebian ? `setup: needs root. As root: ${how}` : `setup: on Debian it would be: ${how}`)
    process.exit(1)
  }
  // Nothing that the machine has may go for it.
  const install = ['install', '-qq', '--yes', '--no-install-recommends', '--no-remove', ...names]
  let ran = apt(...install)
  if (ran.status !== 0) {
    // The lists of a fresh machine are empty, those of an old one name versions that are gone.
    apt('update', '-qq')
    ran = apt(...install)
  }
  if (ran.status === 0) return
  console.error(ran.stdout + ran.stderr)
  console.error(`setup: apt-get could not install ${names.join(' ')}`)
  process.exit(1)
}
