/** `/inventory`: what is available of each SKU at each hub, to see and to change, row by row or by CSV. */
import '../components/list.css';
import './inventory.css';
import '../components/status-badge.css';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { StockResponse } from '../../http/responses.ts';
import { inventoryQuery } from '../api/queries.ts';
import { isRefused, throwUnlessRefused } from '../api/query-client.ts';
import { Commands } from '../components/commands.tsx';
import { DataTable } from '../components/data-table.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { FilterField } from '../components/filter-field.tsx';
import { formatNumber } from '../components/number.tsx';
import { Pager } from '../components/pager.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { Title } from '../layout/title.tsx';
import { inventory } from '../texts/inventory.ts';
import { frame, list } from '../texts/page.ts';
import { ChangeDialog, type Question } from './change-dialog.tsx';
import { ChangeOutcome, inWords } from './change-outcome.tsx';
import { rowKey, useStockChanges } from './stock-changes.ts';
import { StockFileButton, StockUploadOutcome, useStockUpload } from './stock-upload.tsx';

const PAGE_ITEMS = 50;
/** Fewer than this are marked. */
const LOW_BELOW = 10;

const EXAMPLE = 'sku,hub_id,available\n00417-BLK,HUB-1,40\n00417-BLK,HUB-2,15\n10233-M,HUB-2,30\n';
const curl = () => `curl -X PUT -H 'content-type: text/csv' --data-binary @stock.csv ${location.origin}/inventory`;

const route = getRouteApi('/inventory');

export function InventoryPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { cursor, sku, hub_id, sort = 'available' } = search;
  const filtered = sku !== undefined || hub_id !== undefined;
  const {
    data: page,
    error,
    isPlaceholderData,
  } = useQuery({
    ...inventoryQuery({ ...search, sort, limit: String(PAGE_ITEMS) }),
    placeholderData: keepPreviousData,
    throwOnError: throwUnlessRefused,
  });
  const { changes, send, sendAgain, dismiss } = useStockChanges();
  const { upload, start, dismiss: dismissUpload } = useStockUpload();
  const [question, ask] = useState<Question | null>(null);

  const filter = (values: Partial<typeof search>) =>
    navigate({ search: (old) => ({ ...old, ...values, cursor: undefined }), resetScroll: false });

  const rows = page?.items ?? [];
  const shown = new Set(rows.map(rowKey));
  const elsewhere = [...changes.values()].filter(({ change }) => !shown.has(rowKey(change)));
  const newest = [...changes.values()].at(-1);
  const isEmpty = page && rows.length === 0 && !filtered && cursor === undefined;

  return (
    <>
      <Title>{frame.inventory}</Title>
      {!isEmpty && (
        <search aria-label={inventory.filters} className="filters panel">
          <FilterField label={inventory.sku} value={sku ?? ''} onFilter={(value) => filter({ sku: value })} />
          <FilterField label={inventory.hub} value={hub_id ?? ''} onFilter={(value) => filter({ hub_id: value })} />
          <label className="filter-wide">
            {inventory.sort}
            <select
              value={sort}
              onChange={({ target }) => filter({ sort: target.value === 'key' ? 'key' : undefined })}
            >
              <option value="available">{inventory.byAvailable}</option>
              <option value="key">{inventory.byKey}</option>
            </select>
          </label>
          {filtered && (
            <div className="filter-foot">
              <button type="button" onClick={() => filter({ sku: undefined, hub_id: undefined })}>
                {list.clear}
              </button>
            </div>
          )}
        </search>
      )}
      {upload && <StockUploadOutcome upload={upload} onDismiss={dismissUpload} />}
      {elsewhere.map((one) => (
        <p key={one.key} className="panel change-elsewhere">
          <strong>{inventory.at(one.change.sku, one.change.hub_id)}</strong>
          <ChangeOutcome change={one} onAgain={sendAgain} />
          {one.outcome.kind === 'answered' && one.outcome.result.status === 'ok' && (
            <Link to="/inventory" search={{ sku: one.change.sku, hub_id: one.change.hub_id }}>
              {inventory.show}
            </Link>
          )}
          <button type="button" className="button-quiet" onClick={() => dismiss(one.change)}>
            {inventory.dismiss}
          </button>
        </p>
      ))}
      {isRefused(error) && (
        <>
          <ProblemView error={error} />
          {cursor !== undefined && (
            <p className="list-notice">
              <button type="button" onClick={() => filter({})}>
                {inventory.first}
              </button>
            </p>
          )}
        </>
      )}
      {!page && !error && <p className="quiet">{frame.loading}</p>}
      {isEmpty && (
        <EmptyState title={inventory.emptyTitle}>
          <p>{inventory.emptyHelp}</p>
          <div className="example">
            <Commands text={EXAMPLE} label={inventory.example} />
          </div>
          <p className="inventory-actions">
            <StockFileButton className="button-main" onFile={start} />
            <button type="button" onClick={() => ask({ kind: 'add' })}>
              {inventory.add}
            </button>
          </p>
          <p>{inventory.orByCommand}</p>
          <div className="example">
            <Commands text={curl()} label={inventory.curl} />
          </div>
        </EmptyState>
      )}
      {page && !isEmpty && (
        <>
          <div className="list-summary">
            <p className="quiet" role="status">
              {summary(rows.length, page.next_cursor === null && cursor === undefined)} {inventory.lowHelp(LOW_BELOW)}
            </p>
            <div className="inventory-actions">
              <button type="button" onClick={() => ask({ kind: 'add' })}>
                {inventory.add}
              </button>
              <StockFileButton onFile={start} />
            </div>
          </div>
          {rows.length > 0 ? (
            <div className="list-panel inventory-table" aria-busy={isPlaceholderData}>
              <DataTable
                caption={inventory.caption}
                columns={[
                  { header: inventory.sku, cell: ({ sku }) => <Code text={sku} /> },
                  { header: inventory.hub, cell: ({ hub_id }) => <Code text={hub_id} /> },
                  { header: inventory.available, numeric: true, cell: (row) => <Level row={row} /> },
                  {
                    header: inventory.actions,
                    cell: (row) => {
                      const change = changes.get(rowKey(row));
                      const name = inventory.at(row.sku, row.hub_id);
                      return (
                        <div className="row-actions">
                          <button
                            type="button"
                            aria-label={`${inventory.set}: ${name}`}
                            onClick={() => ask({ kind: 'set', row })}
                          >
                            {inventory.set}
                          </button>
                          <button
                            type="button"
                            aria-label={`${inventory.adjust}: ${name}`}
                            onClick={() => ask({ kind: 'adjust', row })}
                          >
                            {inventory.adjust}
                          </button>
                          {change && <ChangeOutcome change={change} onAgain={sendAgain} />}
                        </div>
                      );
                    },
                  },
                ]}
                rows={rows}
                keyOf={rowKey}
              />
            </div>
          ) : (
            <p className="panel">{cursor === undefined ? inventory.noMatch : inventory.noneFurther}</p>
          )}
          <Pager
            label={list.pages}
            words={{ first: inventory.first, previous: inventory.previous, next: inventory.next }}
            cursor={cursor}
            nextCursor={page.next_cursor}
            busy={isPlaceholderData}
            onGo={({ cursor, state }) => navigate({ search: (old) => ({ ...old, cursor }), state })}
          />
        </>
      )}
      <p role="status" className="for-readers">
        {newest && `${inventory.at(newest.change.sku, newest.change.hub_id)}: ${inWords(newest)}`}
      </p>
      <ChangeDialog question={question} onChange={send} onClose={() => ask(null)} />
    </>
  );
}

const summary = (count: number, whole: boolean): string =>
  `${(whole ? inventory.all : inventory.onPage)(count, formatNumber(count))}.`;

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
