import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../helpers/run.ts'

export const imageName = 'localhost/vwt:latest'

const applets = ['sh', 'sleep', 'ip', 'ping', 'nc', 'cat', 'true']

/** Makes a container image out of Debian's busybox-static; returns its archive, which ctr and podman both load. */
export const busyboxImage = async (directory: string): Promise<string> => {
  const root = join(directory, 'image', 'root')
  for (const place of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp'])
    mkdirSync(join(root, place), { recursive: true })
  copyFileSync('/bin/busybox', join(root, 'bin', 'busybox'))
  for (const applet of applets) symlinkSync('busybox', join(root, 'bin', applet))

  const parts = join(directory, 'image', 'parts')
  mkdirSync(parts)
  const layer = join(parts, 'layer.tar')
  await must('tar', ['--owner=0', '--group=0', '-C', root, '-cf', layer, '.'])
  const config = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Env: ['PATH=/bin'], Cmd: ['sleep', '600'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest(readFileSync(layer))}`] },
  })
  const configName = `${digest(config)}.json`
  writeFileSync(join(parts, configName), config)
  const manifest = [{ Config: configName, RepoTags: [imageName], Layers: ['layer.tar'] }]
  writeFileSync(join(parts, 'manifest.json'), JSON.stringify(manifest))

  const archive = join(directory, 'image.tar')
  await must('tar', ['-C', parts, '-cf', `${archive}.new`, 'manifest.json', configName, 'layer.tar'])
  renameSync(`${archive}.new`, archive)
  return archive
}

const digest = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')
