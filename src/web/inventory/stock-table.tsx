/** The rows of stock, low and empty ones marked, each with buttons to change it and the outcome of its last change. */
import type { StockResponse } from '../../http/responses.ts';
import { useMay } from '../api/session.ts';
import { type Column, DataTable } from '../components/data-table.tsx';
import { formatNumber } from '../components/number.tsx';
import { inventory } from '../texts/inventory.ts';
import type { Question } from './change-dialog.tsx';
import { ChangeOutcome } from './change-outcome.tsx';
import { rowKey, type StockChange } from './stock-changes.ts';

/** Fewer than this are marked. */
export const LOW_BELOW = 10;

interface StockRows {
  rows: readonly StockResponse[];
  changes: ReadonlyMap<string, StockChange>;
  busy: boolean;
  onAsk: (question: Question) => void;
  onAgain: (change: StockChange) => void;
}

export function StockTable({ rows, changes, busy, onAsk, onAgain }: StockRows) {
  const maySet = useMay('stock:write');
  const actions: Column<StockResponse> = {
    header: inventory.actions,
    cell: (row) => <RowActions row={row} change={changes.get(rowKey(row))} onAsk={onAsk} onAgain={onAgain} />,
  };
  return (
    <div className="list-panel inventory-table" aria-busy={busy}>
      <DataTable
        caption={inventory.caption}
        columns={[
          { header: inventory.sku, cell: ({ sku }) => <Code text={sku} /> },
          { header: inventory.hub, cell: ({ hub_id }) => <Code text={hub_id} /> },
          { header: inventory.available, numeric: true, cell: (row) => <Level row={row} /> },
          ...(maySet ? [actions] : []),
        ]}
        rows={rows}
        keyOf={rowKey}
      />
    </div>
  );
}

function RowActions({
  row,
  change,
  onAsk,
  onAgain,
}: {
  row: StockResponse;
  change: StockChange | undefined;
  onAsk: (question: Question) => void;
  onAgain: (change: StockChange) => void;
}) {
  const name = inventory.at(row.sku, row.hub_id);
  const action = (kind: 'set' | 'adjust') => (
    <button type="button" aria-label={`${inventory[kind]}: ${name}`} onClick={() => onAsk({ kind, row })}>
      {inventory[kind]}
    </button>
  );
  return (
    <div className="row-actions">
      {action('set')}
      {action('adjust')}
      {change && <ChangeOutcome change={change} onAgain={onAgain} />}
    </div>
  );
}

const Code = ({ text }: { text: string }) => (
  <span className="cut" title={text}>
    {text}
  </span>
);

function Level({ row: { available } }: { row: StockResponse }) {
  const mark = available === 0 ? 'empty' : available < LOW_BELOW ? 'low' : null;
  return (
    <span className={`stock-level ${mark ? `stock-${mark}` : ''}`}>
      {mark && <span className={`status-badge stock-mark-${mark}`}>{inventory[mark]}</span>}
      <strong>{formatNumber(available)}</strong>
    </span>
  );
}
