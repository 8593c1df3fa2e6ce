/** Why the service refuses the address of a list. If the cursor may be the cause, a button leads to the first page. */
import { isRefused } from '../api/query-client.ts';
import { ProblemView } from './problem-view.tsx';

export function RefusedList({
  error,
  cursor,
  toFirst,
  onFirst,
}: {
  error: Error | null;
  cursor: string | undefined;
  /** The label of the button. */
  toFirst: string;
  onFirst: () => void;
}) {
  if (!isRefused(error)) return null;
  return (
    <>
      <ProblemView error={error} />
      {cursor !== undefined && (
        <p className="list-notice">
          <button type="button" onClick={onFirst}>
            {toFirst}
          </button>
        </p>
      )}
    </>
  );
}
