/** Idempotency keys: what was answered to a request that named one, kept for a day. */
export const uploadKeyId = (key: string): string => `upload:${key}`;
export const stockKeyId = (key: string): string => `stock:${key}`;
