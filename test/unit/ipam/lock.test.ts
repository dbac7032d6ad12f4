import { spawn } from 'node:child_process'
import { readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { codes } from '../../../cni/errors.ts'
import { withLock } from '../../../ipam/lock.ts'
import { bun } from './bun.ts'
import { scratch } from './scratch.ts'

const root = scratch()
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

// Here, in Node, the lock is util-linux's flock; in the processes of Bun it is libc's.
describe('withLock', () => {
  it('lets one work at a time, also within one process', async () => {
    const path = join(root, 'one')
    let inside = 0
    const most: number[] = []
    const work = async () => {
      most.push(++inside)
      await sleep(2)
      inside--
    }
    await Promise.all([work, work, work, work].map(one => withLock(path, one)))
    expect(most).toEqual([1, 1, 1, 1])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('is shared when asked to', async () => {
    const path = join(root, 'shared')
    const inner = () => withLock(path, () => 'both', { mode: 'shared', timeoutMs: 0 })
    expect(await withLock(path, inner, { mode: 'shared' })).toBe('both')
  })

  it('is free again when the work fails', async () => {
    const path = join(root, 'failing')
    await expect(withLock(path, () => Promise.reject(new Error('bad')))).rejects.toThrow('bad')
    expect(await withLock(path, () => 'next', { timeoutMs: 0 })).toBe('next')
  })

  it('is not inherited by processes started meanwhile', async () => {
    const path = join(root, 'inherited')
    const child = await withLock(path, () => spawn('sleep', ['20']))
    expect(await withLock(path, () => 'free', { timeoutMs: 0 })).toBe('free')
    child.kill()
  })

  it('refuses a symbolic link', async () => {
    symlinkSync('/dev/null', join(root, 'link'))
    await expect(withLock(join(root, 'link'), () => {})).rejects.toMatchObject({ code: codes.io })
  })

  it('gives up in time, names the holder, and is free when that is killed', async () => {
    const path = join(root, 'held')
    const holder = bun(['hold', path])
    await holder.said('held')
    await expect(withLock(path, () => {}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: codes.tryAgain,
      message: `cannot lock ${path}: process ${holder.pid} has held it for 0.05 s`,
    })
    const waiting = withLock(path, () => 'mine')
    holder.kill()
    expect(await waiting).toBe('mine')
  })

  it('excludes by libc’s flock under Bun, too, and children do not inherit it', async () => {
    const path = join(root, 'counter')
    const all = Array.from({ length: 8 }, () => bun(['count', path, '25']))
    expect(await Promise.all(all.map(one => one.ended))).toEqual(Array(8).fill(0))
    expect(readFileSync(`${path}.txt`, 'utf8')).toBe(String(8 * 25))
    const busy = bun(['timeout', path])
    expect(await busy.ended).toBe(0)
    expect(busy.output()).toContain('"code":11')
  })
})
