/** The words of signing in and out, and of what is hidden from the role. */
import { Problem } from '../api/client.ts';
import { formatDuration } from '../components/duration.ts';

export const access = {
  title: 'Sign in',
  ended: 'Your session has ended. Sign in to continue where you were.',
  email: 'E-mail address',
  password: 'Password',
  signIn: 'Sign in',
  signingIn: 'Signing in…',
  atIssuer: 'Sign in with your organization',
  inNewTab: 'It opens in a new tab. This one continues once you are signed in.',
  account: 'Account',
  signOut: 'Sign out',
  signOutEverywhere: 'Sign out everywhere',
};

const REFUSALS: Record<string, string> = {
  sign_in_failed: 'The e-mail address or the password is wrong.',
  rate_limited: 'There were too many tries.',
  too_many_sign_ins: 'Many people are signing in.',
  issuer_unavailable: 'The service of your organization does not answer.',
  insecure_connection:
    'This connection is not encrypted, so the browser would not keep you signed in. Open this page by https.',
};

/** Why nobody was signed in, and when to try again. */
export function notSignedIn(error: Error): string {
  if (!(error instanceof Problem)) return error.message;
  const { code, message, retryAfterSeconds } = error;
  const wait = retryAfterSeconds === null ? '' : ` Try again in ${formatDuration(retryAfterSeconds)}.`;
  return `${REFUSALS[code] ?? message}${wait}`;
}
