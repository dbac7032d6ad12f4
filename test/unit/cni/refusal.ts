import { expect } from '@jest/globals'

/** What a call refuses with: code, message, details; undefined if it does not. */
export const refusal = (
  work: () => unknown,
): { code: number; message: string; details: string } | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    expect((error as Error).name).toBe('CniError')
    return error as ReturnType<typeof refusal>
  }
}
