/** The orders that a command is about: its arguments, or, without any, the lines of standard input. */
import { createInterface } from 'node:readline';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';

/** In batches of at most `limits.maxOrdersOfBatch`, each as soon as its lines are there. Throws `invalid_option` without any. */
export async function* idBatches(args: string[]): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const id of args.length > 0 ? args : idsOfInput()) {
    batch.push(id);
    if (batch.length < limits.maxOrdersOfBatch) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* idsOfInput(): AsyncGenerator<string> {
  if (process.stdin.isTTY)
    throw new OmsError('invalid_option', 'no order: give ids as arguments, or one per line on standard input');
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    const id = line.trim();
    if (id !== '') yield id;
  }
}

export const pathOf = (orderId: string): string => `/orders/${encodeURIComponent(orderId)}`;

/** Why a text cannot be the id of an order, or cannot be part of an address. */
export function whyNoId(id: string): string | null {
  if (id === '.' || id === '..') return 'dots alone cannot be part of an address';
  if (id.length > limits.maxTextChars) return `an id has at most ${limits.maxTextChars} characters`;
  return id.isWellFormed() ? null : 'this is no text in UTF-8';
}
