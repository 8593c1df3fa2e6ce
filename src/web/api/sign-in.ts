/**
 * Signing in and out. The session is a cookie that no script reads, so the page asks the service who it is. The tabs of a browser share the
 * cookie: each tells the others when it has changed it. A page that somebody else has used is loaded anew: nothing of theirs is left in it.
 */
import type { BegunSignInResponse, MeResponse, WaysResponse } from '../../http/responses.ts';
import { Problem, request } from './client.ts';
import { currentSession, sessionBegan, sessionEnded } from './session.ts';

const AGAIN_MS = 2_000;
/** Where an issuer sends the browser back to, and under which name this tab keeps where it was before. */
const CALLBACK = '/auth/oidc/callback';
const WAS_AT = 'oms-was-at';
const JSON_TYPE = { 'content-type': 'application/json' };

const tabs = new BroadcastChannel('oms-session');

const send = <Answer>(path: string, init: RequestInit = {}): Promise<Answer> => request(path, init, fetch);

/** Asks the service who this is. Rejects with `Problem`, `Unreachable`. */
export async function findOut(): Promise<void> {
  const { me: before, number } = currentSession();
  try {
    const me = await send<MeResponse>('/auth/me');
    if (before && before.principal !== me.principal) location.reload();
    else sessionBegan(me);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    sessionEnded(number);
  }
}

/** Of the first request. Views wait for it, so that none shows for a moment what may not be done. */
let asked: Promise<void> | null = null;

export function startSession(): void {
  tabs.onmessage = async () => {
    await findOut().catch(() => {});
    const { me, ended } = currentSession();
    if (me && ended) location.reload();
  };
  const ask = (): Promise<void> => findOut().catch(() => void setTimeout(ask, AGAIN_MS));
  asked = location.pathname === CALLBACK ? bringAnswer().then(ask) : ask();
}

export const sessionAsked = (): Promise<void> | null => asked;

/** Rejects with `Problem`: `sign_in_failed`, `rate_limited`, `too_many_sign_ins`, `insecure_connection`. */
export async function signIn(email: string, password: string): Promise<void> {
  await send('/auth/session', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ email, password }) });
  tabs.postMessage('changed');
  await findOut();
}

export const waysToSignIn = (): Promise<WaysResponse> => send('/auth/ways');

/**
 * Goes to the issuer; in a new tab where something waits here, which goes on when the session has begun. Rejects with `Problem`:
 * `issuer_unavailable`, `insecure_connection`.
 */
export async function signInAtIssuer(inNewTab: boolean): Promise<void> {
  const { url } = await send<BegunSignInResponse>('/auth/oidc', { method: 'POST' });
  if (inNewTab && open(url)) return;
  sessionStorage.setItem(WAS_AT, location.pathname + location.search);
  location.assign(url);
}

let refusal: Error | null = null;

/** Why nobody was signed in who came back from the issuer. */
export const refusalOfIssuer = (): Error | null => refusal;

/** The answer is good once, so it leaves the address at once. */
async function bringAnswer(): Promise<void> {
  const answer = location.search;
  history.replaceState(null, '', sessionStorage.getItem(WAS_AT) ?? '/');
  sessionStorage.removeItem(WAS_AT);
  try {
    await send('/auth/oidc/session', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ answer }) });
    tabs.postMessage('changed');
  } catch (error) {
    refusal = error as Error;
  }
}

export async function signOut(where: 'here' | 'everywhere'): Promise<void> {
  await send(where === 'here' ? '/auth/session' : '/auth/sessions', { method: 'DELETE' }).catch((error) => {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
  });
  tabs.postMessage('changed');
  location.assign('/');
}
