/**
 * The failed rows with their original cells: what is wrong stands beside the row's number and marks the cells it is about. Only rows in
 * sight are in the document, and only their pages in memory, so that their number does not matter.
 */
import './failed-rows.css';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type CSSProperties, type KeyboardEvent, memo, type Ref, useEffect, useRef } from 'react';
import type { FileResponse, RejectionResponse } from '../../http/responses.ts';
import type { OrderColumn } from '../../model/columns.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { fileOfStored } from '../../model/stored-order.ts';
import { usePrinting } from '../components/media.ts';
import { formatNumber } from '../components/number.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { reason } from '../texts/codes.ts';
import { filePage } from '../texts/file.ts';
import { useRejections } from './use-rejections.ts';

/** A cell may hold a whole record of a megabyte. */
const SHOWN_CHARS = 300;
/** The row's number, and what is wrong. */
const LEADING_COLUMNS = 2;
const OTHER_REM = 10;
/** As many as may be lower than the region. */
const FEW_ROWS = 10;
const WIDTHS_REM: Record<OrderColumn, number> = {
  order_id: 9,
  customer_name: 11,
  customer_email: 15,
  product_name: 13,
  sku: 9,
  hub_id: 7,
  quantity: 7,
  unit_price: 8,
  total_amount: 9,
  order_date: 11,
  shipping_address: 18,
};

const width = (column: string): number => WIDTHS_REM[column as OrderColumn] ?? OTHER_REM;

/** Where the page goes when a reason is chosen. */
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
        <Table fileId={file.file_id} code={code} fromRow={fromRow} total={total} />
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

function Table({
  fileId,
  code,
  fromRow,
  total,
}: {
  fileId: string;
  code?: ReasonCode | undefined;
  fromRow?: string | undefined;
  total: number;
}) {
  const region = useRef<HTMLElement>(null);
  const printing = usePrinting();
  const { rows, columns, before, after, measure, toFirst, toLast, goingToEnd, stop, error, tryAgain, none } =
    useRejections({
      fileId,
      filters: { code, from_row: fromRow },
      total,
      region,
      printing,
    });
  const about = code && rows[0]?.rejection?.reasons.find((one) => one.code === code)?.column;
  useEffect(() => {
    // The first cell that was asked about is to be seen without a search for it.
    const heads = region.current?.querySelectorAll('thead th');
    const head = about ? heads?.[LEADING_COLUMNS + columns.indexOf(about)] : undefined;
    if (head instanceof HTMLElement) region.current!.scrollLeft = head.offsetLeft - region.current!.clientWidth * 0.7;
  }, [about, columns]);
  const onKeyDown = (event: KeyboardEvent) => {
    const go = { Home: toFirst, End: toLast }[event.key];
    if (event.key !== 'End') stop();
    if (!go || event.target !== region.current) return;
    event.preventDefault();
    go();
  };
  const allCells = columns.reduce((sum, column) => sum + width(column), 0);
  if (none) return <p>{filePage.noneFromHere(formatNumber(Number(fromRow)))}</p>;
  return (
    <>
      {printing && rows.length < total && <p>{filePage.printed(formatNumber(rows.length), formatNumber(total))}</p>}
      {columns.length > 0 && <p className="quiet rows-hint">{filePage.sideways(columns.length + LEADING_COLUMNS)}</p>}
      <p role="status" className={goingToEnd === null ? 'for-readers' : 'quiet number'}>
        {goingToEnd !== null && filePage.toTheEnd(formatNumber(goingToEnd), formatNumber(total))}
      </p>
      <section
        ref={region}
        className={total > FEW_ROWS ? 'rows-region rows-tall' : 'rows-region'}
        aria-label={filePage.failedRows}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so without a mouse it has to be reached
        tabIndex={0}
        onKeyDown={onKeyDown}
        onWheel={stop}
      >
        <table
          className="rows"
          style={{ '--cells': `${allCells}rem` } as CSSProperties}
          aria-rowcount={fromRow ? -1 : total + 1}
        >
          <colgroup>
            <col className="rows-number" />
            <col className="rows-wrong" />
            {columns.map((column) => (
              <col
                key={column}
                className="rows-cell"
                style={{ '--cell': `${width(column)}rem`, '--share': width(column) / allCells } as CSSProperties}
              />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col" className="rows-number">
                {filePage.row}
              </th>
              <th scope="col" className="rows-wrong">
                {filePage.wrong}
              </th>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Space height={before} />
            {rows.map(({ index, rejection }) =>
              rejection ? (
                <FailedRow key={index} index={index} columns={columns} rejection={rejection} measure={measure} />
              ) : (
                <tr key={index} ref={measure} data-index={index} aria-rowindex={index + 2}>
                  <td colSpan={columns.length + LEADING_COLUMNS} className="rows-loading">
                    {error ? <ProblemView error={error} onTryAgain={tryAgain} /> : filePage.loadingRows}
                  </td>
                </tr>
              ),
            )}
            <Space height={after} />
          </tbody>
        </table>
      </section>
    </>
  );
}

/** In place of rows that are out of sight. */
const Space = ({ height }: { height: number }) =>
  height > 0 && (
    <tr>
      <td className="rows-space" style={{ blockSize: height }} />
    </tr>
  );

const FailedRow = memo(function FailedRow({
  index,
  columns,
  rejection: { row, reasons, values },
  measure,
}: {
  index: number;
  columns: readonly string[];
  rejection: RejectionResponse;
  measure: Ref<HTMLTableRowElement>;
}) {
  return (
    <tr ref={measure} data-index={index} aria-rowindex={index + 2} className={index % 2 ? 'rows-odd' : undefined}>
      <th scope="row" className="rows-number number">
        {formatNumber(row)}
      </th>
      <td className="rows-wrong">
        <ul className="rows-reasons">
          {reasons.map(({ code, column, reason: words }) => (
            <li key={`${column} ${code}`}>
              <strong>{reason[code]}</strong>
              {column === '' && <span className="quiet"> · {filePage.wholeRow}</span>}
              <Words code={code} words={words} orderId={orderIdOf(values)} />
            </li>
          ))}
        </ul>
      </td>
      {columns.map((column) => (
        <Cell
          key={column}
          value={values[column] ?? ''}
          wrong={reasons.filter((one) => one.column === column).map((one) => one.reason)}
        />
      ))}
    </tr>
  );
});

/** Where an order with the id is stored already, its file in the words and the order itself are links. */
function Words({ code, words, orderId }: { code: ReasonCode; words: string; orderId: string }) {
  const fileId = fileOfStored({ code, reason: words });
  if (fileId === null) return <span className="rows-words">{words}</span>;
  return (
    <span className="rows-words">
      {words.slice(0, -fileId.length)}
      <Link to="/files/$fileId" params={{ fileId }}>
        {fileId}
      </Link>
      {'. '}
      <Link to="/orders/$orderId" params={{ orderId }}>
        {filePage.storedOrder}
      </Link>
    </span>
  );
}

const orderIdOf = (values: Record<string, string>): string =>
  Object.entries(values)
    .find(([name]) => name.trim().toLowerCase() === 'order_id')?.[1]
    .trim() ?? '';

function Cell({ value, wrong }: { value: string; wrong: string[] }) {
  const shown = value.length > SHOWN_CHARS ? `${value.slice(0, SHOWN_CHARS)}…` : value;
  if (wrong.length === 0)
    return (
      <td title={shown}>
        <bdi className="rows-value">{shown}</bdi>
      </td>
    );
  return (
    <td className="rows-bad" title={[shown, ...wrong].join('\n')}>
      <mark className="rows-value">{shown === '' ? <em>{filePage.emptyCell}</em> : <bdi>{shown}</bdi>}</mark>
      <span className="for-readers">{wrong.join('. ')}</span>
    </td>
  );
}
