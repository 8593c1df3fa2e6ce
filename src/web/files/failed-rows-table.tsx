/** The table of failed rows in a region that scrolls. Only rows in sight are in the document, so their number does not matter. */
import { type CSSProperties, type KeyboardEvent, type RefObject, useEffect, useRef } from 'react';
import type { OrderColumn } from '../../model/columns.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { usePrinting } from '../components/media.ts';
import { formatNumber } from '../components/number.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { filePage } from '../texts/file.ts';
import { FailedRow } from './failed-row.tsx';
import { type Rejections, useRejections } from './use-rejections.ts';

/** The row's number, and what is wrong. */
const LEADING_COLUMNS = 2;
const OTHER_REM = 10;
/** So few may need less than the height of the region. */
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

interface Filters {
  fileId: string;
  code: ReasonCode | undefined;
  fromRow: string | undefined;
  total: number;
}

export function FailedRowsTable({ fileId, code, fromRow, total }: Filters) {
  const region = useRef<HTMLElement>(null);
  const printing = usePrinting();
  const rejections = useRejections({ fileId, filters: { code, from_row: fromRow }, total, region, printing });
  const { rows, columns, goingToEnd, stop } = rejections;
  useColumnOfReason(region, rejections, code);
  if (rejections.none) return <p>{filePage.noneFromHere(formatNumber(Number(fromRow)))}</p>;
  const allCells = columns.reduce((sum, column) => sum + width(column), 0);
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
        onKeyDown={(event) => onKeyDown(event, region.current, rejections)}
        onWheel={stop}
      >
        <table
          className="rows"
          style={{ '--cells': `${allCells}rem` } as CSSProperties}
          aria-rowcount={fromRow ? -1 : total + 1}
        >
          <Widths columns={columns} allCells={allCells} />
          <Head columns={columns} />
          <Body rejections={rejections} />
        </table>
      </section>
    </>
  );
}

/** Home and End go to the first and the last row. Any other key stops loading to the end. */
function onKeyDown(event: KeyboardEvent, region: HTMLElement | null, { toFirst, toLast, stop }: Rejections): void {
  const go = { Home: toFirst, End: toLast }[event.key];
  if (event.key !== 'End') stop();
  if (!go || event.target !== region) return;
  event.preventDefault();
  go();
}

/** Scrolls sideways to the column that the chosen reason is about. */
function useColumnOfReason(
  region: RefObject<HTMLElement | null>,
  { rows, columns }: Rejections,
  code: ReasonCode | undefined,
): void {
  const about = code && rows[0]?.rejection?.reasons.find((one) => one.code === code)?.column;
  useEffect(() => {
    const heads = region.current?.querySelectorAll('thead th');
    const head = about ? heads?.[LEADING_COLUMNS + columns.indexOf(about)] : undefined;
    if (head instanceof HTMLElement) region.current!.scrollLeft = head.offsetLeft - region.current!.clientWidth * 0.7;
  }, [region, about, columns]);
}

const Widths = ({ columns, allCells }: { columns: readonly string[]; allCells: number }) => (
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
);

const Head = ({ columns }: { columns: readonly string[] }) => (
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
);

const Body = ({
  rejections: { rows, columns, before, after, measure, error, tryAgain },
}: {
  rejections: Rejections;
}) => (
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
);

/** In place of rows that are out of sight. */
const Space = ({ height }: { height: number }) =>
  height > 0 && (
    <tr>
      <td className="rows-space" style={{ blockSize: height }} />
    </tr>
  );
