/** What must hold on the paths that commit. The checks stay on in production: each costs a comparison. */
import { OmsError } from './errors.ts';

/** `rule` says what must hold. The error is not retryable: only a change of the code can fix it. */
export function assert(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new OmsError('assertion_failed', `violated: ${rule}`);
}
