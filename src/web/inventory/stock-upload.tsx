/**
 * The upload of a CSV of stock. Its header says whether rows are set or adjusted; the service reads the rest, all or nothing. First it
 * is asked what would change, which is shown and has to be confirmed; the last upload can be taken back until the page is left. Each
 * step that changes something has one Idempotency-Key, so that it can be sent again when no answer came.
 */
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { StockResultResponse, StockResultsResponse } from '../../http/responses.ts';
import { newKey, type Problem, request, sendJson } from '../api/client.ts';
import { DataTable } from '../components/data-table.tsx';
import { FileButton } from '../components/file-button.tsx';
import { formatNumber, formatSigned } from '../components/number.tsx';
import { stockRefusal } from '../texts/codes.ts';
import { inventory, stockCsv } from '../texts/inventory.ts';
import { frame } from '../texts/page.ts';
import { type Change, type Kind, REQUESTS, rowKey, unsureWhy } from './stock-changes.ts';
import { type Effect, effectOf, isRefused, type Refused, takenBack } from './stock-preview.ts';

/** A header is within so many bytes, or the service refuses it as well. */
const HEADER_BYTES = 64 * 1024;
const MAX_LISTED = 200;
const LARGEST_LISTED = 10;
/** Of what is taken back, in one request. */
const PART_ITEMS = 50_000;

type State =
  | { kind: 'checking' }
  /** Nothing is changed until somebody says so. */
  | { kind: 'preview'; of: Kind; rows: number; effect: Effect; apply: () => void }
  | { kind: 'sending' }
  | { kind: 'unsure'; why: string; again: () => void }
  | { kind: 'wrong'; why: string; errors: WrongLine[]; errorCount: number }
  | { kind: 'done'; of: Kind; rows: number; refused: Refused[]; undo: (() => void) | null }
  | { kind: 'undone'; rows: number; refused: Refused[] };

interface WrongLine {
  line: number;
  column: string | null;
  detail: string;
}

export interface StockUpload {
  name: string;
  state: State;
}

/** Which of the two kinds a CSV is, null when its header names neither or both. */
export function kindOf(beginning: string): Kind | null {
  const header = beginning
    .replace(/^\ufeff/, '')
    .split(/[\r\n]+/)
    .find((line) => line.trim() !== '');
  const names = new Set(header?.split(/[,;\t]/).map((name) => name.replaceAll('"', '').trim().toLowerCase()));
  if (!names.has('sku') || !names.has('hub_id') || names.has('available') === names.has('delta')) return null;
  return names.has('available') ? 'available' : 'delta';
}

export function useStockUpload() {
  const queries = useQueryClient();
  const [upload, setUpload] = useState<StockUpload | null>(null);

  const stateOf = (file: File) => (state: State) => setUpload({ name: file.name, state });

  /** What becomes of a request: `done` with the results, or why there are none. */
  const ask = async (
    file: File,
    make: () => Promise<StockResultResponse[]>,
    done: (results: StockResultResponse[]) => State,
    again: () => void,
  ) => {
    const set = stateOf(file);
    try {
      set(done(await make()));
    } catch (error) {
      const why = unsureWhy(error);
      set(why === null ? wrong(error as Problem) : { kind: 'unsure', why, again });
    }
  };

  const send = async (file: File, kind: Kind, query: string, headers: Record<string, string> = {}) => {
    const [method, path] = REQUESTS[kind];
    const init = { method, headers: { 'content-type': 'text/csv', ...headers }, body: file };
    return (await request<StockResultsResponse>(`${path}?${query}=true`, init)).results;
  };

  const preview = (file: File, kind: Kind): Promise<void> => {
    stateOf(file)({ kind: 'checking' });
    const key = newKey();
    return ask(
      file,
      () => send(file, kind, 'dry_run'),
      (results) => ({
        kind: 'preview',
        of: kind,
        rows: results.length,
        effect: effectOf(results, LARGEST_LISTED),
        apply: () => void apply(file, kind, key),
      }),
      () => void preview(file, kind),
    );
  };

  const apply = async (file: File, kind: Kind, key: string): Promise<void> => {
    stateOf(file)({ kind: 'sending' });
    await ask(
      file,
      () => send(file, kind, 'from', { 'idempotency-key': key }),
      (results) => {
        const items = takenBack(results);
        const undo = items.length > 0 ? () => void takeBack(file, items, newKey()) : null;
        return { kind: 'done', of: kind, rows: results.length, refused: results.filter(isRefused), undo };
      },
      () => void apply(file, kind, key),
    );
    await queries.invalidateQueries({ queryKey: ['inventory'] });
  };

  const takeBack = async (file: File, items: Change[], key: string): Promise<void> => {
    stateOf(file)({ kind: 'sending' });
    const parts = async () => {
      const results: StockResultResponse[] = [];
      for (let start = 0; start < items.length; start += PART_ITEMS) {
        const part = { items: items.slice(start, start + PART_ITEMS) };
        const headers = { 'idempotency-key': `${key}-${start}` };
        results.push(...(await sendJson<StockResultsResponse>(...REQUESTS.delta, part, headers)).results);
      }
      return results;
    };
    await ask(
      file,
      parts,
      (results) => ({ kind: 'undone', rows: results.length, refused: results.filter(isRefused) }),
      () => void takeBack(file, items, key),
    );
    await queries.invalidateQueries({ queryKey: ['inventory'] });
  };

  const start = async (file: File) => {
    const beginning = await file
      .slice(0, HEADER_BYTES)
      .text()
      .catch(() => null);
    const kind = beginning === null ? null : kindOf(beginning);
    if (kind) return preview(file, kind);
    const why = beginning === null ? stockCsv.unreadable : stockCsv.noKind;
    stateOf(file)({ kind: 'wrong', why, errors: [], errorCount: 0 });
  };
  return { upload, start: (file: File) => void start(file), dismiss: () => setUpload(null) };
}

function wrong({ message, document }: Problem): State {
  const { errors, error_count } = document as { errors?: WrongLine[]; error_count?: number };
  return { kind: 'wrong', why: message, errors: errors ?? [], errorCount: error_count ?? 0 };
}

export const StockFileButton = ({ onFile, className }: { onFile: (file: File) => void; className?: string }) => (
  <FileButton
    {...(className && { className })}
    title={stockCsv.help}
    accept=".csv,text/csv,text/plain"
    onFiles={([file]) => file && onFile(file)}
  >
    {stockCsv.choose}
  </FileButton>
);

export function StockUploadOutcome({
  upload: { name, state },
  onDismiss,
}: {
  upload: StockUpload;
  onDismiss: () => void;
}) {
  if (state.kind === 'checking') return <p className="panel stock-upload quiet">{stockCsv.checking(name)}</p>;
  if (state.kind === 'sending') return <p className="panel stock-upload quiet">{stockCsv.sending(name)}</p>;
  const frameOf = (mood: string, words: ReactNode, dismiss: string = inventory.dismiss) => (
    <section className={`panel stock-upload ${mood}`} aria-label={name}>
      {words}
      <button type="button" className="button-quiet" onClick={onDismiss}>
        {dismiss}
      </button>
    </section>
  );
  if (state.kind === 'unsure')
    return frameOf(
      'stock-upload-bad',
      <p>
        <strong>{name}</strong>: {stockCsv.unsure(state.why)}{' '}
        <button type="button" onClick={state.again}>
          {frame.tryAgain}
        </button>
      </p>,
    );
  if (state.kind === 'wrong')
    return frameOf(
      'stock-upload-bad',
      <div role="alert">
        <p>
          <strong>{name}</strong>: {state.errors.length > 1 ? stockCsv.errors(state.errorCount) : state.why}
          <br />
          {stockCsv.nothingChanged}
        </p>
        {state.errors.length > 1 && <WrongLines errors={state.errors} count={state.errorCount} />}
      </div>,
    );
  if (state.kind === 'preview')
    return frameOf(
      '',
      <Preview name={name} of={state.of} effect={state.effect} onApply={state.apply} />,
      stockCsv.leave,
    );
  const { refused, rows } = state;
  const good = rows - refused.length;
  const said =
    rows === 0
      ? stockCsv.noRows
      : state.kind === 'undone'
        ? stockCsv.undone(good)
        : stockCsv.done(state.of, good, formatNumber(good));
  return frameOf(
    refused.length > 0 ? 'stock-upload-bad' : 'stock-upload-good',
    <div>
      <p role="status">
        <strong>{name}</strong>: {said}
        {refused.length > 0 && `, ${stockCsv.refused(formatNumber(refused.length))}`}
      </p>
      {state.kind === 'done' && state.undo && (
        <p className="row stock-undo">
          <button type="button" onClick={state.undo}>
            {stockCsv.undo}
          </button>
          <span className="quiet">{stockCsv.undoTold}</span>
        </p>
      )}
      {refused.length > 0 && <RefusedRows refused={refused} />}
    </div>,
  );
}

function Preview({ name, of, effect, onApply }: { name: string; of: Kind; effect: Effect; onApply: () => void }) {
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

function WrongLines({ errors, count }: { errors: WrongLine[]; count: number }) {
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

function RefusedRows({ refused }: { refused: Refused[] }) {
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
