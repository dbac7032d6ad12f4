import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Delegate {
  readonly type: string
  /** CNI_PATH */
  readonly path: string
  /** The verbs it was called with, in order. */
  calls(): string[]
  /** What it was given on stdin, last. */
  input(): string
}

/**
 * An IPAM plugin made of shell: `verbs` are the bodies for its verbs, `*` for all others. It remembers its calls, and
 * says that it supports 1.1.0.
 */
export const fakeDelegate = (directory: string, verbs: Readonly<Record<string, string>>): Delegate => {
  const type = 'fake'
  mkdirSync(directory, { recursive: true })
  const cases = Object.entries({ VERSION: versions, ...verbs, '*': verbs['*'] ?? 'exit 0' })
  const script = [
    '#!/bin/sh',
    `echo $CNI_COMMAND >>${directory}/calls`,
    `cat >${directory}/input`,
    'case $CNI_COMMAND in',
    ...cases.map(([verb, body]) => `${verb})\n${body}\n;;`),
    'esac',
  ]
  writeFileSync(join(directory, type), `${script.join('\n')}\n`)
  chmodSync(join(directory, type), 0o755)
  const read = (name: string) => {
    const file = join(directory, name)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  return {
    type,
    path: directory,
    calls: () => read('calls').split('\n').filter(Boolean),
    input: () => read('input'),
  }
}

/** A line of shell that prints JSON. */
export const prints = (json: unknown) => `cat <<'END'\n${JSON.stringify(json)}\nEND`

const versions = prints({ cniVersion: '1.1.0', supportedVersions: ['1.0.0', '1.1.0'] })
