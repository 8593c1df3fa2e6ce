/** Why the service did not make a change of an order, and the way on. */
import type { ReactNode } from 'react';
import type { ProblemResponse } from '../../http/responses.ts';
import { Problem, Unreachable } from '../api/client.ts';
import { isUnsure } from '../api/order-changes.ts';
import '../components/problem-view.css';
import { orderStatus } from '../texts/codes.ts';
import { history } from '../texts/history.ts';
import { orderChange } from '../texts/order-change.ts';
import { frame } from '../texts/page.ts';
import { isOutdated } from './use-order-change.ts';

export function ChangeRefused({
  error,
  onAgain,
  onNewest,
}: {
  error: unknown;
  onAgain: () => void;
  onNewest: () => void;
}) {
  if (error === null) return null;
  return (
    <Refused words={inWords(error)}>
      {isUnsure(error) && (
        <button type="button" onClick={onAgain}>
          {frame.tryAgain}
        </button>
      )}
      {isOutdated(error) && (
        <button type="button" onClick={onNewest}>
          {orderChange.toNewest}
        </button>
      )}
    </Refused>
  );
}

export const Refused = ({ words, children }: { words: string; children?: ReactNode }) => (
  <div role="alert" className="problem-view order-refused">
    <p>{words}</p>
    {children}
  </div>
);

export function inWords(error: unknown): string {
  if (error instanceof Unreachable) return orderChange.unsure(orderChange.noAnswer);
  if (!(error instanceof Problem)) return String(error);
  return isUnsure(error) ? orderChange.unsure(error.message) : refusalWords(error.document);
}

/** Statuses by the words of the page; what has none by those of the service. */
export function refusalWords(problem: ProblemResponse): string {
  const { code, detail, from, to, allowed = [], fields = [], order_status, current_version, actor = null } = problem;
  if (code === 'version_mismatch' && current_version !== undefined) return orderChange.outdated(actor, current_version);
  if (code === 'invalid_transition' && from !== undefined && to !== undefined)
    return orderChange.noMove(orderStatus(from), orderStatus(to), allowed.map(orderStatus));
  if (code === 'not_editable' && order_status !== undefined) return orderChange.notEditable(orderStatus(order_status));
  if (code === 'order_conflict') return orderChange.conflict(fields.map((field) => history.fields[field] ?? field));
  return detail;
}
