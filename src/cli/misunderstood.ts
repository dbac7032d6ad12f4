/** What was typed makes no sense: exit status 2. */
export class Misunderstood extends Error {}

/** All was said already: the exit status says the same. */
export class Concluded extends Error {
  constructor(readonly status: number) {
    super()
  }
}
