/** Rates of what a container receives and sends (bandwidth). */

import type { Service } from './service.ts'

export const shaping: Service = {}
