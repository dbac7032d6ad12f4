/** In place of ipam/flock.ts. */

import { attempt } from './host.ts'

export const flockFunction = async () => (fd: number, operation: number) => attempt('flock', fd, operation)
