/** What for, by file of test/netns. */
export const onceOnly: Readonly<Record<string, string>>
