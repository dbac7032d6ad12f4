/** What is set on the container's interface and in its namespace (tuning). */

import type { Service } from './service.ts'

export const tuning: Service = {}
