/** What a process can do: see docs/ARCHITECTURE.md. */
export const ROLES = ['api', 'worker', 'publisher'] as const;
export type Role = (typeof ROLES)[number];
