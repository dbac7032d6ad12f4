import type { Netns } from '../../plan/netns.ts'
import type { Sight } from './sight.ts'
import type { Traced } from './trace.ts'
export const live = async (_sight: Sight, _from: Netns | undefined, model: Traced): Promise<Traced> => model
