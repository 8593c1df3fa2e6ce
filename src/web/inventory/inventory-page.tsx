/** `/inventory`: the stock of each SKU at each hub, to look at and to change, row by row or by CSV. */
import '../components/list.css';
import './inventory.css';
import '../components/status-badge.css';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ComponentProps, type ReactNode, useState } from 'react';
import type { PageResponse, StockResponse } from '../../http/responses.ts';
import { inventoryQuery } from '../api/queries.ts';
import { throwUnlessRefused } from '../api/query-client.ts';
import { useMay } from '../api/session.ts';
import { formatNumber } from '../components/number.tsx';
import { Pager } from '../components/pager.tsx';
import { RefusedList } from '../components/refused-list.tsx';
import { Title } from '../layout/title.tsx';
import { inventory } from '../texts/inventory.ts';
import { frame, list } from '../texts/page.ts';
import { ChangeDialog, type Question } from './change-dialog.tsx';
import { ChangeElsewhere, inWords } from './change-outcome.tsx';
import { NoStock } from './no-stock.tsx';
import { rowKey, useStockChanges } from './stock-changes.ts';
import { isFiltered, StockFilters, type StockFilterValues } from './stock-filters.tsx';
import { LOW_BELOW, StockTable } from './stock-table.tsx';
import { StockFileButton, StockUploadOutcome } from './stock-upload.tsx';
import { useStockUpload } from './use-stock-upload.ts';

const PAGE_ITEMS = 50;

const route = getRouteApi('/inventory');

function useStockPage() {
  const search = route.useSearch();
  const query = inventoryQuery({ ...search, sort: search.sort ?? 'available', limit: String(PAGE_ITEMS) });
  return useQuery({ ...query, placeholderData: keepPreviousData, throwOnError: throwUnlessRefused });
}

export function InventoryPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: page, error, isPlaceholderData } = useStockPage();
  const { changes, send, sendAgain, dismiss } = useStockChanges();
  const { upload, start, dismiss: dismissUpload } = useStockUpload();
  const [question, ask] = useState<Question | null>(null);
  const maySet = useMay('stock:write');
  const filter = (values: StockFilterValues) =>
    void navigate({ search: (old) => ({ ...old, ...values, cursor: undefined }), resetScroll: false });

  const rows = page?.items ?? [];
  const shown = new Set(rows.map(rowKey));
  const elsewhere = [...changes.values()].filter(({ change }) => !shown.has(rowKey(change)));
  const newest = [...changes.values()].at(-1);
  const isFirst = search.cursor === undefined;
  const isEmpty = page && rows.length === 0 && !isFiltered(search) && isFirst;
  const add = (
    <button type="button" onClick={() => ask({ kind: 'add' })}>
      {inventory.add}
    </button>
  );
  return (
    <>
      <Title>{frame.inventory}</Title>
      {!isEmpty && <StockFilters values={search} onChange={filter} />}
      {upload && <StockUploadOutcome upload={upload} onDismiss={dismissUpload} />}
      {elsewhere.map((one) => (
        <ChangeElsewhere key={one.key} change={one} onAgain={sendAgain} onDismiss={() => dismiss(one.change)} />
      ))}
      <RefusedList error={error} cursor={search.cursor} toFirst={inventory.first} onFirst={() => filter({})} />
      {!page && !error && <p className="quiet">{frame.loading}</p>}
      {isEmpty && !maySet && <p className="panel">{inventory.emptyTitle}</p>}
      {isEmpty && maySet && (
        <NoStock
          actions={
            <>
              <StockFileButton className="button-main" onFile={start} />
              {add}
            </>
          }
        />
      )}
      {page && !isEmpty && (
        <StockList page={page} busy={isPlaceholderData} changes={changes} onAsk={ask} onAgain={sendAgain}>
          {maySet && (
            <>
              {add}
              <StockFileButton onFile={start} />
            </>
          )}
        </StockList>
      )}
      <p role="status" className="for-readers">
        {newest && `${inventory.at(newest.change.sku, newest.change.hub_id)}: ${inWords(newest)}`}
      </p>
      <ChangeDialog question={question} onChange={send} onClose={() => ask(null)} />
    </>
  );
}

/** One page of the list, below its summary and the buttons. */
function StockList({
  page: { items, next_cursor },
  busy,
  children,
  ...ofRows
}: Omit<ComponentProps<typeof StockTable>, 'rows'> & { page: PageResponse<StockResponse>; children: ReactNode }) {
  const { cursor } = route.useSearch();
  const navigate = route.useNavigate();
  const isFirst = cursor === undefined;
  return (
    <>
      <div className="list-summary">
        <p className="quiet" role="status">
          {summary(items.length, next_cursor === null && isFirst)} {inventory.lowHelp(LOW_BELOW)}
        </p>
        <div className="inventory-actions">{children}</div>
      </div>
      {items.length > 0 ? (
        <StockTable rows={items} busy={busy} {...ofRows} />
      ) : (
        <p className="panel">{isFirst ? inventory.noMatch : inventory.noneFurther}</p>
      )}
      <Pager
        label={list.pages}
        words={{ first: inventory.first, previous: inventory.previous, next: inventory.next }}
        cursor={cursor}
        nextCursor={next_cursor}
        busy={busy}
        onGo={({ cursor, state }) => navigate({ search: (old) => ({ ...old, cursor }), state })}
      />
    </>
  );
}

const summary = (count: number, whole: boolean): string =>
  `${(whole ? inventory.all : inventory.onPage)(count, formatNumber(count))}.`;
