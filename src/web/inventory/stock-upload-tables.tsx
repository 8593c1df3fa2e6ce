/** What a CSV of stock would change, its errors, and the rows that were refused. */
import { DataTable } from '../components/data-table.tsx';
import { formatNumber, formatSigned } from '../components/number.tsx';
import { stockRefusal } from '../texts/codes.ts';
import { inventory, stockCsv } from '../texts/inventory.ts';
import { type Kind, rowKey } from './stock-changes.ts';
import type { Effect, Refused } from './stock-preview.ts';
import type { WrongLine } from './use-stock-upload.ts';

const MAX_LISTED = 200;

export function Preview({
  name,
  of,
  effect,
  onApply,
}: {
  name: string;
  of: Kind;
  effect: Effect;
  onApply: () => void;
}) {
  const { largest, changed, added, unchanged, refused } = effect;
  return (
    <div>
      <p role="status">
        <strong>{name}</strong>: {stockCsv.preview(changed, added, unchanged)}
        {refused.length > 0 && ` ${stockCsv.wouldRefuse(refused.length)}`} {stockCsv.notYet}
      </p>
      {largest.length > 0 && (
        <>
          <h2>{stockCsv.largest}</h2>
          <div className="list-panel">
            <DataTable
              caption={stockCsv.largest}
              columns={[
                { header: inventory.sku, cell: ({ sku }) => sku },
                { header: inventory.hub, cell: ({ hub_id }) => hub_id },
                {
                  header: stockCsv.from,
                  numeric: true,
                  cell: ({ from }) => (from === null ? stockCsv.isNew : formatNumber(from)),
                },
                { header: stockCsv.to, numeric: true, cell: ({ to }) => formatNumber(to) },
                { header: stockCsv.by, numeric: true, cell: ({ from, to }) => formatSigned(to - (from ?? 0)) },
              ]}
              rows={largest}
              keyOf={rowKey}
            />
          </div>
        </>
      )}
      {refused.length > 0 && <RefusedRows refused={refused} />}
      {changed + added > 0 && (
        <p className="stock-apply">
          <button type="button" className="button-main" onClick={onApply}>
            {stockCsv.apply(of, changed + added)}
          </button>
        </p>
      )}
    </div>
  );
}

export function WrongLines({ errors, count }: { errors: WrongLine[]; count: number }) {
  const rows = errors.map((error, place) => ({ ...error, place }));
  return (
    <>
      <div className="list-panel">
        <DataTable
          caption={stockCsv.errorsCaption}
          columns={[
            { header: stockCsv.line, numeric: true, cell: ({ line }) => formatNumber(line) },
            { header: stockCsv.column, cell: ({ column }) => column ?? stockCsv.wholeLine },
            { header: stockCsv.wrong, cell: ({ detail }) => detail },
          ]}
          rows={rows}
          keyOf={({ place }) => String(place)}
        />
      </div>
      {count > errors.length && <p>{stockCsv.notShown(formatNumber(count - errors.length))}</p>}
    </>
  );
}

export function RefusedRows({ refused }: { refused: Refused[] }) {
  // One SKU and hub may be refused twice.
  const rows = refused.slice(0, MAX_LISTED).map((result, place) => ({ ...result, place }));
  return (
    <>
      <div className="list-panel">
        <DataTable
          caption={stockCsv.refusedCaption}
          columns={[
            { header: inventory.sku, cell: ({ sku }) => sku },
            { header: inventory.hub, cell: ({ hub_id }) => hub_id },
            { header: inventory.available, numeric: true, cell: ({ available }) => formatNumber(available) },
            { header: stockCsv.reason, cell: ({ code }) => stockRefusal[code] },
          ]}
          rows={rows}
          keyOf={({ place }) => String(place)}
        />
      </div>
      {refused.length > MAX_LISTED && <p>{stockCsv.notShown(formatNumber(refused.length - MAX_LISTED))}</p>}
    </>
  );
}
