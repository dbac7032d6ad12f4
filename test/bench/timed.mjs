import { spawn } from 'node:child_process'

/** Runs a program inside a namespace: milliseconds from spawn to the end of its output, and stdout. Throws when it fails. */
export const timed = (netns, file, args = [], { env = process.env, input = '' } = {}) =>
  new Promise((resolve, reject) => {
    const begun = process.hrtime.bigint()
    const child = spawn('nsenter', [`--net=${netns}`, '--', file, ...args], { env })
    const [out, err] = [[], []]
    child.stdout.on('data', chunk => out.push(chunk))
    child.stderr.on('data', chunk => err.push(chunk))
    child.on('error', reject)
    child.on('close', code => {
      const ms = Number(process.hrtime.bigint() - begun) / 1e6
      if (code === 0) resolve({ ms, stdout: Buffer.concat(out).toString() })
      else
        reject(
          new Error(
            `${file} ${env.CNI_COMMAND ?? args.join(' ')} ended with ${code}: ${Buffer.concat([...out, ...err])}`,
          ),
        )
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
