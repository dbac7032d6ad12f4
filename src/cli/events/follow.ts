/** Looks again whenever something changed, and tells what it was. */

import { watch } from '../../linux/watch.ts'
import { begin, type Event, GRACE, watchOn } from './changes.ts'
import { look } from './sight.ts'

/** How long after the last change it is looked at once more: what is settled then is told. */
const QUIET = GRACE + 50

/** @returns when the signal comes. @throws CniError as `watch` does */
export const followEvents = async (tell: (event: Event) => void, signal: AbortSignal): Promise<void> => {
  let wake = () => {}
  let changed = true
  const trigger = () => {
    changed = true
    wake()
  }
  let failure: unknown
  const watching = watch(trigger, signal)
    .catch(error => {
      failure = error
    })
    .finally(trigger)
  signal.addEventListener('abort', trigger)
  let watched = begin(await look())
  for (let quiet = 0; !signal.aborted && !failure; ) {
    if (!changed)
      await new Promise<void>(resolve => {
        wake = resolve
        if (quiet < 2) setTimeout(resolve, QUIET)
      })
    quiet = changed ? 0 : quiet + 1
    changed = false
    const { watched: next, events } = watchOn(watched, await look(), Date.now())
    watched = next
    for (const event of events) tell(event)
  }
  await watching
  if (failure && !signal.aborted) throw failure
}
