/**
 * An entry of the audit log. Its hash is the SHA-256, in hex, of the JSON in UTF-8 of a list: the hash of the entry before it in its chain
 * ("" for the first), then chain, n, milliseconds since 1970, principal, action, target, status, code, request id, address, count.
 */
import { createHash } from 'node:crypto';
import { limits } from '../limits.ts';
import { visible } from './characters.ts';

export interface AuditEntry {
  /** The chain of one process, whose id sorts by time, and the number in it, from 1 on. Times in a chain never go back. */
  chain: string;
  n: number;
  atMs: number;
  /** Null: nobody who signed in. */
  principal: string | null;
  /** The id of the route, or the name of the command. */
  action: string;
  /** What it was about, such as `order A-1`; null: nothing in particular. */
  target: string | null;
  /** The HTTP status, and the code of the problem where it is one. */
  status: number;
  code: string | null;
  requestId: string;
  /** Of the client; null: none. */
  address: string | null;
  /** How many like it this entry stands for, where refused requests are too many to be told one by one. */
  count: number;
  /** Hex SHA-256 of the entry with the hash before it. */
  hash: string;
}

/** What is recorded of a request or a command. */
export type Act = Omit<AuditEntry, 'chain' | 'n' | 'atMs' | 'hash' | 'count'>;

/** Entries about the log itself. */
export const ACTIONS_OF_LOG = {
  /** The first of a chain. Its target is the entry that was the newest in the log: see `linkTo`. */
  begin: 'audit.begin',
  /** The last of a process that stopped gracefully. */
  end: 'audit.end',
  /** So many entries before it could not be kept. */
  lost: 'audit.lost',
} as const;

export function hashOf(before: string, entry: Omit<AuditEntry, 'hash'>): string {
  const { chain, n, atMs, principal, action, target, status, code, requestId, address, count } = entry;
  const fields = [before, chain, n, atMs, principal, action, target, status, code, requestId, address, count];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}

/** Text of clients: bounded, in one line, without characters that hide or reorder what is around it. */
export function auditText(text: string): string {
  const { maxAuditTextChars: most } = limits;
  return visible(text.slice(0, most).toWellFormed()).slice(0, most).toWellFormed();
}

/** An entry of another chain, as the target of an entry: a chain that begins after it cannot be there without it. */
export interface Link {
  chain: string;
  n: number;
  hash: string;
}

export const linkTo = ({ chain, n, hash }: Link): string => `${chain} ${n} ${hash}`;

export function linkOf({ action, target }: Pick<AuditEntry, 'action' | 'target'>): Link | null {
  if (action !== ACTIONS_OF_LOG.begin || target === null) return null;
  const [chain = '', n, hash = ''] = target.split(' ');
  return { chain, n: Number(n), hash };
}
