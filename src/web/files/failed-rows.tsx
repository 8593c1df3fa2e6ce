/** The failed rows of a file, from the row and with the reason that the address names. */
import './failed-rows.css';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { FileResponse } from '../../http/responses.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { formatNumber } from '../components/number.tsx';
import { reason } from '../texts/codes.ts';
import { filePage } from '../texts/file.ts';
import { FailedRowsTable } from './failed-rows-table.tsx';

/** The id to scroll to when a reason is chosen. */
export const FAILED_ROWS = 'failed-rows';

const route = getRouteApi('/files/$fileId');

interface Shown {
  file: FileResponse;
  code: ReasonCode | undefined;
  fromRow: string | undefined;
}

export function FailedRows({ file, code, fromRow }: Shown) {
  const total = code ? (file.invalid_by_code[code] ?? 0) : file.progress.invalid;
  return (
    <section id={FAILED_ROWS} className="panel failed-rows">
      <div className="failed-rows-head">
        <h2>{filePage.failedRows}</h2>
        <p className="quiet">
          {filePage.rowsOf(formatNumber(total))} {code && filePage.with(reason[code])}
          {code && (
            <>
              {' · '}
              <Link from={route.id} search={({ from_row }) => ({ from_row })} resetScroll={false}>
                {filePage.everyReason}
              </Link>
            </>
          )}
        </p>
        <StartAt fromRow={fromRow} />
      </div>
      {total > 0 ? (
        <FailedRowsTable fileId={file.file_id} code={code} fromRow={fromRow} total={total} />
      ) : (
        <p>{filePage.noFailedRows}</p>
      )}
    </section>
  );
}

function StartAt({ fromRow }: { fromRow: string | undefined }) {
  const navigate = route.useNavigate();
  return (
    <form
      className="row start-at"
      onSubmit={(event) => {
        event.preventDefault();
        const row = String(new FormData(event.currentTarget).get('row')).trim();
        void navigate({ search: ({ code }) => ({ code, from_row: row || undefined }), resetScroll: false });
      }}
    >
      <label>
        {filePage.startAt}
        <input name="row" inputMode="numeric" pattern="[1-9][0-9]{0,14}" size={10} defaultValue={fromRow} />
      </label>
      <button type="submit">{filePage.go}</button>
      {fromRow && (
        <Link from={route.id} search={({ code }) => ({ code })} resetScroll={false} className="button button-quiet">
          {filePage.fromFirst}
        </Link>
      )}
    </form>
  );
}
