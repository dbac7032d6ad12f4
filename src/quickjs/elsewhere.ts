/** In place of what only the whole program has: whoever imports it gets that program. */

import { handOver } from './handover.ts'

handOver()
