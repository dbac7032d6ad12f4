export const runCommandLine = async (_argv: string[]): Promise<number> => 0
