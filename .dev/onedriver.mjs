import { existsSync } from 'node:fs'

/** Tests that run once and not with each driver, netlink and iproute2: what for, by file of test/netns. */
export const onceOnly = {
  // The driver is the test's own choice.
  badinput: 'refused before anything is done; what is refused later chooses iproute2 itself',
  'cli-progress': 'chooses iproute2 itself: netlink is too fast to be watched',
  'coexistence-failonce': 'its tools fail: chooses iproute2 itself',
  crash: 'its tools kill: chooses iproute2 itself',
  'failonce-del': 'its tools fail: chooses iproute2 itself',
  'failonce-first': 'its tools fail: chooses iproute2 itself',
  'failonce-next': 'its tools fail: chooses iproute2 itself',
  'netlink-failonce': 'its messages fail: netlink itself',
  'netlink-flows': 'calls the functions of netlink',
  'netlink-nft': 'calls the functions of netlink',
  'netlink-same': 'runs with both by itself',
  'netlink-tc': 'calls the functions of netlink',
  // All at once: chance decides what there is to compare.
  storm: 'its packets and its remains are looked at by netlink',
  'storm-services': 'the same with services',
  // No driver is asked.
  'cli-conf': 'files and terminals',
  'cli-install': 'files',
  'cli-man': 'text',
  'ipam-plugin': 'addresses',
  misdelegation: 'refused by delegates, which are no driver',
  deb: 'a package',
  npmpack: 'a package',
  // --live sends by sockets of netlink; cli-trace-breakages asks without it.
  'cli-trace': 'its breakages are asked --live, too',
  'cli-trace-firewalld': '--live, too',
  'cli-trace-spanning': '--live, too',
  // Looks, by the same functions as ADD and CHECK; cli-doctor has doctor's own tests by programs. Both drivers of all
  // files take more than the 90 minutes that CI has.
  'cli-doctor': 'looks',
  'cli-doctor-busy': 'looks',
  'cli-doctor-cables': 'looks',
  'cli-doctor-containers': 'looks',
  'cli-doctor-rules': 'looks',
  'cli-doctor-state': 'looks',
  'cli-doctor-tunnels': 'looks',
  'cli-events': 'looks',
  'cli-look': 'looks',
  status: 'looks',
  topology: 'looks',
  // Words: the same functions say them, whoever did the work.
  log: 'of what is written down',
  protocol: 'of results and errors',
  // What is hostile comes from outside, whoever does the work.
  badstate: 'of files',
  hostile: 'of the environment',
  injection: 'of names',
  netavark: 'of podman',
  streams: 'of streams',
  // What a person types, and what is printed then, by the driver that a person has.
  examples: 'outputs in their READMEs',
  readme: 'outputs in README.md',
}

for (const name of Object.keys(onceOnly))
  if (!existsSync(new URL(`../test/netns/${name}.test.ts`, import.meta.url)))
    throw new Error(`.dev/onedriver.mjs: there is no test/netns/${name}.test.ts`)
