/**
 * A table of rows in the order of the API. In a window too narrow for its columns each row is a card, with every cell beside its
 * column's name, so that none is cut off or out of sight.
 */
import './data-table.css';
import type { ReactNode } from 'react';
import { useMedia } from './media.ts';

export interface Column<Row> {
  header: string;
  cell: (row: Row) => ReactNode;
  numeric?: boolean;
}

export function DataTable<Row>({
  caption,
  columns,
  rows,
  keyOf,
  cardsBelow = 40,
}: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Windows narrower than this, in rem, get cards. */
  cardsBelow?: number;
}) {
  const asCards = useMedia(`(width < ${cardsBelow}rem)`);
  const kind = ({ numeric }: Column<Row>) => (numeric ? 'number numeric' : undefined);
  return (
    <table className={asCards ? 'data-table data-cards' : 'data-table'}>
      <caption className="for-readers">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.header} scope="col" className={kind(column)}>
              {column.header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <td key={column.header} data-column={column.header} className={kind(column)}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
