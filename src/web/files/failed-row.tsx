/** One failed row: its number, what is wrong with it, and its original cells, the wrong ones marked. */
import { Link } from '@tanstack/react-router';
import { memo, type Ref } from 'react';
import type { RejectionResponse } from '../../http/responses.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { fileOfStored } from '../../model/stored-order.ts';
import { formatNumber } from '../components/number.tsx';
import { reason } from '../texts/codes.ts';
import { filePage } from '../texts/file.ts';

/** A cell may hold a whole record of a megabyte. */
const SHOWN_CHARS = 300;

export const FailedRow = memo(function FailedRow({
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
        <Reasons reasons={reasons} orderId={orderIdOf(values)} />
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

const Reasons = ({ reasons, orderId }: { reasons: RejectionResponse['reasons']; orderId: string }) => (
  <ul className="rows-reasons">
    {reasons.map(({ code, column, reason: words }) => (
      <li key={`${column} ${code}`}>
        <strong>{reason[code]}</strong>
        {column === '' && <span className="quiet"> · {filePage.wholeRow}</span>}
        <Words code={code} words={words} orderId={orderId} />
      </li>
    ))}
  </ul>
);

/** If an order with this id is already stored, its file, named in the words, and the order itself are links. */
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
