/** What goes to stdout: JSON for programs, text for people, colour only where a terminal shows it. */

/** https://no-color.org: any value but the empty one switches colour off. */
export const hasColour = (stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean =>
  stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'

/** @param text made only where it is wanted */
export const show = (asJson: boolean | undefined, value: unknown, text: () => string): void => {
  if (asJson) console.log(JSON.stringify(value, null, 2))
  else console.log(hasColour(process.stdout, process.env) ? tinted(text()) : text())
}

/** Headings bold, what is well green, what is not red, reasons dim. */
export const tinted = (text: string) =>
  text
    .replace(/^[A-Z]{2}[A-Z /-]*$/gm, '\x1b[1m$&\x1b[22m')
    .replace(/^ +(why|without): .*$/gm, '\x1b[2m$&\x1b[22m')
    .replace(/\b(alive|present|ok|up)\b/g, '\x1b[32m$&\x1b[39m')
    .replace(/\b(gone|down|unplugged|missing|wrong|error)\b/g, '\x1b[31m$&\x1b[39m')
