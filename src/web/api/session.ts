/**
 * Who uses the page, as the service has said it; unknown until then. When the session ends, requests wait here until somebody has signed
 * in, so that what was begun before goes on. What may not be done is not shown; what may be, the service decides with each request.
 */
import { useSyncExternalStore } from 'react';
import type { MeResponse } from '../../http/responses.ts';
import { ANYBODY, may, type Scope } from '../../model/access.ts';

interface Session {
  /** Null until it is known. Of the session before, once it has ended. */
  me: MeResponse | null;
  ended: boolean;
  /** Counts the sessions, so that a late answer of one does not end the next. */
  number: number;
}

let session: Session = { me: null, ended: false, number: 0 };
const listeners = new Set<() => void>();

function set(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export const currentSession = (): Session => session;

export function sessionBegan(me: MeResponse): void {
  const isSame = JSON.stringify(me) === JSON.stringify(session.me);
  if (session.ended || !isSame) set({ me, ended: false, number: session.number + 1 });
}

export function sessionEnded(number: number): void {
  if (number === session.number && !session.ended) set({ ...session, ended: true });
}

export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The number of the session, once there is one that has not ended. Rejects when the signal aborts. */
export async function inSession(signal?: AbortSignal | null): Promise<number> {
  if (!session.ended) return session.number;
  return await new Promise((resolve, reject) => {
    const done = new AbortController();
    const stop = onSession(() => {
      if (session.ended) return;
      stop();
      done.abort();
      resolve(session.number);
    });
    const abort = () => {
      stop();
      reject(signal?.reason);
    };
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, done);
  });
}

/** Statistics are about all hubs. */
const mayNow = ({ me }: Session, scope: Scope): boolean =>
  may(me ?? ANYBODY, scope) && (scope !== 'stats:read' || !me?.hubs);

/** Whether files may be followed, by somebody who is known. */
export const mayFollow = (): boolean => session.me !== null && !session.ended && mayNow(session, 'files:read');

const useSession = (): Session => useSyncExternalStore(onSession, currentSession);

export const useMe = (): MeResponse | null => useSession().me;

export const useSessionEnded = (): boolean => useSession().ended;

/** What an admin of all hubs may see, where access is required. */
export function useAdministration(): { ofAccess: boolean; ofAudit: boolean } {
  const { me } = useSession();
  const isOfAll = me !== null && me.principal !== null && me.hubs === null;
  return { ofAccess: isOfAll && may(me, 'access:write'), ofAudit: isOfAll && may(me, 'audit:read') };
}

/** Whether the role and the scopes allow it. */
export const useMay = (scope: Scope): boolean => mayNow(useSession(), scope);
