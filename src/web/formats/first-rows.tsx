/** The first rows of the file as the service would read them now. */
import type { PreviewResponse } from '../../http/preview-response.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import { ProblemView } from '../components/problem-view.tsx';
import { orderColumn, stillMissing, firstRows as words } from '../texts/formats.ts';
import { type Draft, namesIn } from './draft.ts';

type Row = PreviewResponse['rows'][number];

export function FirstRows({
  preview: { rows, failure },
  draft,
  missing,
  isBusy,
  error,
}: {
  preview: PreviewResponse;
  draft: Draft;
  missing: PreviewResponse['missing'];
  isBusy: boolean;
  error: Error | null;
}) {
  const wrong = rows.filter(({ reasons }) => reasons.length > 0).length;
  const skipped = rows.filter((row) => row.skipped).length;
  return (
    <div className="panel first-rows" aria-busy={isBusy}>
      <h2 id="first-rows">{words.title}</h2>
      <p role="status" className="quiet">
        {rows.length === 0 ? words.none : `${words.summary(rows.length - wrong - skipped, wrong, skipped)}.`}{' '}
        {missing.length > 0 && `${stillMissing(missing)} `}
        {words.notAsked}
      </p>
      {error && <ProblemView error={error} />}
      {failure && <p className="note note-bad">{failure.message}</p>}
      {rows.length > 0 && <Table rows={rows} draft={draft} />}
    </div>
  );
}

const Table = ({ rows, draft }: { rows: readonly Row[]; draft: Draft }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard must reach
  <section className="first-rows-region" aria-labelledby="first-rows" tabIndex={0}>
    <table>
      <thead>
        <tr>
          <th scope="col">{words.row}</th>
          <th scope="col">{words.problems}</th>
          {ORDER_COLUMNS.map((column) => (
            <th key={column} scope="col">
              {orderColumn[column]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <FirstRow key={row.row} row={row} draft={draft} />
        ))}
      </tbody>
    </table>
  </section>
);

const FirstRow = ({ row: { row, reasons, values, skipped }, draft }: { row: Row; draft: Draft }) => (
  <tr className={skipped ? 'quiet' : undefined}>
    <th scope="row" className="number">
      {row}
    </th>
    <td className="first-row-problems">
      {skipped && words.skipped}
      {!skipped && reasons.length === 0 && <span className="quiet">{words.fine}</span>}
      {reasons.map(({ column, code, reason }) => (
        <p key={`${column} ${code}`}>{reason}</p>
      ))}
    </td>
    {ORDER_COLUMNS.map((column) => (
      <td
        key={column}
        className={reasons.some((one) => isOf(one.column, column, draft)) ? 'first-row-wrong' : undefined}
      >
        {values?.[column]}
      </td>
    ))}
  </tr>
);

/** Reasons name the column of the file where there is one. */
const isOf = (name: string, column: OrderColumn, { columns }: Draft): boolean =>
  name === column || namesIn(columns?.[column]).includes(name);
