/**
 * The upload of a CSV of stock. Its header says whether rows are set or adjusted; the service reads the rest, all or nothing, and
 * answers for each row. A file has one Idempotency-Key, so that it can be sent again when no answer came.
 */
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { StockResultAnswer, StockResultsAnswer } from '../../http/answers.ts';
import { newKey, type Problem, request } from '../api/client.ts';
import { DataTable } from '../components/data-table.tsx';
import { FileButton } from '../components/file-button.tsx';
import { formatNumber } from '../components/number.tsx';
import { frame, inventory, stockCsv, stockRefusal } from '../texts.ts';
import { type Kind, REQUESTS, unsureWhy } from './stock-changes.ts';

type Refused = Extract<StockResultAnswer, { status: 'refused' }>;

/** A header is within so many bytes, or the service refuses it as well. */
const HEADER_BYTES = 64 * 1024;
const MAX_LISTED = 200;

type State =
  | { kind: 'sending' }
  | { kind: 'unsure'; why: string; again: () => void }
  | { kind: 'wrong'; why: string }
  | { kind: 'done'; of: Kind; count: number; refused: Refused[] };

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

  const send = async (file: File, kind: Kind, key: string) => {
    const set = (state: State) => setUpload({ name: file.name, state });
    set({ kind: 'sending' });
    const [method, path] = REQUESTS[kind];
    const headers = { 'content-type': 'text/csv', 'idempotency-key': key };
    try {
      const { results } = await request<StockResultsAnswer>(path, { method, headers, body: file });
      set({ kind: 'done', of: kind, count: results.length, refused: results.filter(isRefused) });
    } catch (error) {
      const why = unsureWhy(error);
      if (why === null) set({ kind: 'wrong', why: (error as Problem).message });
      else set({ kind: 'unsure', why, again: () => void send(file, kind, key) });
    }
    await queries.invalidateQueries({ queryKey: ['inventory'] });
  };

  const start = async (file: File) => {
    const beginning = await file
      .slice(0, HEADER_BYTES)
      .text()
      .catch(() => null);
    const kind = beginning === null ? null : kindOf(beginning);
    if (kind) return send(file, kind, newKey());
    const why = beginning === null ? stockCsv.unreadable : stockCsv.noKind;
    setUpload({ name: file.name, state: { kind: 'wrong', why } });
  };
  return { upload, start: (file: File) => void start(file), dismiss: () => setUpload(null) };
}

const isRefused = (result: StockResultAnswer): result is Refused => result.status === 'refused';

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
  if (state.kind === 'sending') return <p className="panel stock-upload quiet">{stockCsv.sending(name)}</p>;
  const frameOf = (mood: string, words: ReactNode) => (
    <section className={`panel stock-upload ${mood}`} aria-label={name}>
      {words}
      <button type="button" className="button-quiet" onClick={onDismiss}>
        {inventory.dismiss}
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
      <p>
        <strong>{name}</strong>: {state.why}
        <br />
        {stockCsv.nothingChanged}
      </p>,
    );
  const { refused, count } = state;
  return frameOf(
    refused.length > 0 ? 'stock-upload-bad' : 'stock-upload-good',
    <div>
      <p>
        <strong>{name}</strong>:{' '}
        {count === 0
          ? stockCsv.noRows
          : stockCsv.done(state.of, count - refused.length, formatNumber(count - refused.length))}
        {refused.length > 0 && `, ${stockCsv.refused(formatNumber(refused.length))}`}
      </p>
      {refused.length > 0 && <RefusedRows refused={refused} />}
    </div>,
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
