// Which test files begin first: jest knows how long each took from earlier runs alone, and a fresh clone has none. One that takes
// ten minutes must not be the last.
import { basename } from 'node:path'
import Sequencer from '@jest/test-sequencer'

const longest = [
  'failonce-first',
  'failonce-next',
  'failonce-del',
  'spanning',
  'coexistence-failonce',
  'badinput',
  'netlink-failonce',
  'netlink-same',
  'injection',
  'lifecycle-del',
  'crash',
  'shaping',
].map(name => `${name}.test.ts`)

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => (longest.indexOf(basename(path)) + longest.length + 1) % (longest.length + 1)
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b))
  }
}
