/** A directory for one test file, removed when its tests are done. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'

export const scratch = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'vethwork-ipam-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return path
}
