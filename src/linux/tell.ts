/** How long work says how far it is: that of `total` things `done` are done, and which is next. Who listens, shows it. */
export type Tell = (done: number, total: number, next: string) => void

export const toNobody: Tell = () => {}
