import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 as zlibCrc32 } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { codes } from '../../../cni/errors.ts'
import { crc32 } from '../../../ipam/checksum.ts'
import { openDirectory, Torn } from '../../../ipam/file.ts'
import { ioError } from '../../../ipam/io.ts'
import { scratch } from './scratch.ts'

const root = scratch()
let count = 0
const fresh = () => join(root, `dir${++count}`)
const folders = { blocks: 'durable', owners: 'hint' } as const
const modeOf = (path: string) => statSync(path).mode & 0o777

describe('a stored file', () => {
  it('holds the initial value until it is written, and then what was written', () => {
    const path = fresh()
    const file = openDirectory(path, folders).open('blocks/a.json', { name: 'nobody' })
    expect(file.data).toEqual({ name: 'nobody' })
    file.data = { name: 'ä→€' }
    file.write()
    expect(openDirectory(path, folders).open('blocks/a.json', {}).data).toEqual({ name: 'ä→€' })
    expect(openDirectory(path, folders).anew('blocks/a.json', 1).data).toBe(1)
  })

  it('is JSON, of root alone, and leaves no temporary file', () => {
    const path = fresh()
    openDirectory(path, folders).open('pool.json', [1, 2]).write()
    expect(JSON.parse(readFileSync(join(path, 'pool.json'), 'utf8'))).toMatchObject({ data: [1, 2] })
    expect([modeOf(path), modeOf(join(path, 'blocks')), modeOf(join(path, 'pool.json'))]).toEqual([
      0o700, 0o700, 0o600,
    ])
    expect(readdirSync(path).sort()).toEqual(['blocks', 'owners', 'pool.json'])
  })

  it('makes a directory private that is not, but not its parent', () => {
    const path = fresh()
    mkdirSync(join(path, 'net'), { recursive: true })
    chmodSync(path, 0o755)
    chmodSync(join(path, 'net'), 0o755)
    openDirectory(join(path, 'net'), folders)
    expect([modeOf(path), modeOf(join(path, 'net'))]).toEqual([0o755, 0o700])
  })

  it.each<[string, (text: string) => string]>([
    ['empty', () => ''],
    ['cut short', text => text.slice(0, -5)],
    ['cut at the last byte', text => text.slice(0, -1)],
    ['zeros, as after a power failure', text => '\0'.repeat(text.length)],
    ['edited', text => text.replace('alpha', 'omega')],
    ['spaced', text => JSON.stringify(JSON.parse(text), null, 2)],
    ['without a checksum', () => '{"data":{"name":"alpha"}}\n'],
  ])('is Torn when %s, and stays until it is written anew', (_, damage) => {
    const path = fresh()
    const directory = openDirectory(path, folders)
    directory.open('pool.json', { name: 'alpha' }).write()
    const file = join(path, 'pool.json')
    const damaged = damage(readFileSync(file, 'utf8'))
    writeFileSync(file, damaged)
    expect(() => directory.open('pool.json', {})).toThrow(new Torn('pool.json'))
    directory.setAside('pool.json')
    directory.setAside('pool.json')
    expect(() => directory.open('pool.json', {})).toThrow(Torn)
    directory.anew('pool.json', { name: 'beta' }).write()
    expect(directory.open('pool.json', {}).data).toEqual({ name: 'beta' })
    expect(readFileSync(`${file}.torn`, 'utf8')).toBe(damaged)
  })

  it('that is a hint, and so written in its place, is set aside as it was', () => {
    const path = fresh()
    const directory = openDirectory(path, folders)
    const file = join(path, 'owners/7f.json')
    writeFileSync(file, 'torn')
    directory.setAside('owners/7f.json')
    directory.anew('owners/7f.json', { name: 'beta' }).write()
    expect(readFileSync(`${file}.torn`, 'utf8')).toBe('torn')
  })

  it('may be removed, or set aside, without being there', () => {
    const directory = openDirectory(fresh(), folders)
    directory.remove('pool.json')
    directory.setAside('pool.json')
    expect(directory.names('blocks')).toEqual([])
  })
})

describe('symbolic links are refused', () => {
  const link = (name: string) => {
    const path = fresh()
    const target = `${path}-target`
    mkdirSync(join(path, 'blocks'), { recursive: true })
    writeFileSync(target, 'precious')
    if (name === 'owners') mkdirSync(`${target}s`)
    symlinkSync(name === 'owners' ? `${target}s` : target, join(path, name))
    return { path, target }
  }

  it('in place of a file, for reading and writing', () => {
    const { path, target } = link('pool.json')
    const directory = openDirectory(path, folders)
    const refusal = {
      code: codes.io,
      message: `cannot read ${path}/pool.json: a symbolic link stands in its place (ELOOP)`,
    }
    expect(() => directory.open('pool.json', {})).toThrow(expect.objectContaining(refusal))
    expect(() => directory.anew('pool.json', {}).write()).toThrow('cannot write')
    expect(readFileSync(target, 'utf8')).toBe('precious')
    expect(readdirSync(path).sort()).toEqual(['blocks', 'owners', 'pool.json'])
  })

  it('in place of a folder', () => {
    const { path } = link('owners')
    expect(() => openDirectory(path, folders)).toThrow(
      `cannot create ${path}/owners: a symbolic link stands in its place`,
    )
  })

  it('in place of the directory', () => {
    const path = fresh()
    mkdirSync(path)
    symlinkSync(path, `${path}-link`)
    expect(() => openDirectory(`${path}-link`, folders)).toThrow('a symbolic link stands in its place')
  })
})

describe('what the filesystem refuses', () => {
  it('a file in place of a directory is an error that names it', () => {
    const path = fresh()
    writeFileSync(path, '')
    expect(() => openDirectory(path, folders)).toThrow(
      `cannot create ${path}: something else stands there (EEXIST)`,
    )
    expect(() => openDirectory(join(path, 'net'), folders)).toThrow(
      `cannot create ${path}: something else stands there (EEXIST)`,
    )
  })

  it.each([
    ['EROFS', 'the file system is read-only (EROFS)'],
    ['ENOSPC', 'no space is left on the device (ENOSPC)'],
    ['EACCES', 'permission denied (EACCES)'],
    ['EIO', 'EIO: i/o error'],
  ])('%s is "cannot write …: %s"', (code, reason) => {
    const failure = Object.assign(new Error('EIO: i/o error'), { code })
    expect(ioError('write', '/x', failure)).toMatchObject({
      code: codes.io,
      message: `cannot write /x: ${reason}`,
    })
  })
})

it('the checksum is zlib’s', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      text => crc32(text) === zlibCrc32(text).toString(16).padStart(8, '0'),
    ),
  )
})
