/** What was typed makes no sense: exit status 2. */
export class Misunderstood extends Error {}
