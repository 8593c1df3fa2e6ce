/** The ids under which the result of a request with an idempotency key is kept for a day. */
export const uploadKeyId = (key: string): string => `upload:${key}`;
export const stockKeyId = (key: string): string => `stock:${key}`;
