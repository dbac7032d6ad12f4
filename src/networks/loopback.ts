/** `lo` comes down in a new namespace; runtimes bring it up by a plugin of its own, scripts have us. */

import type { Desired } from '../plan/kinds/index.ts'
import type { Attachment } from './network.ts'

export const loopback = ({ netns }: Attachment): Desired[] =>
  netns
    ? [
        {
          kind: 'link',
          scope: 'attachment',
          netns,
          name: 'lo',
          type: 'given',
          settings: { up: true },
          why: 'the container speaks to itself',
        },
      ]
    : []
