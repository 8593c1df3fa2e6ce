/** The button for a CSV of stock, and the outcome of the upload. */
import type { ReactNode } from 'react';
import { FileButton } from '../components/file-button.tsx';
import { formatNumber } from '../components/number.tsx';
import { inventory, stockCsv } from '../texts/inventory.ts';
import { frame } from '../texts/page.ts';
import { Preview, RefusedRows, WrongLines } from './stock-upload-tables.tsx';
import type { StockUpload, StockUploadState } from './use-stock-upload.ts';

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

export function StockUploadOutcome({ upload, onDismiss }: { upload: StockUpload; onDismiss: () => void }) {
  const { name, state } = upload;
  switch (state.kind) {
    case 'checking':
      return <p className="panel stock-upload quiet">{stockCsv.checking(name)}</p>;
    case 'sending':
      return <p className="panel stock-upload quiet">{stockCsv.sending(name)}</p>;
    case 'preview':
      return (
        <Outcome name={name} onDismiss={onDismiss} dismiss={stockCsv.leave}>
          <Preview name={name} of={state.of} effect={state.effect} onApply={state.apply} />
        </Outcome>
      );
    case 'unsure':
      return (
        <Outcome name={name} onDismiss={onDismiss} mood="bad">
          <p>
            <strong>{name}</strong>: {stockCsv.unsure(state.why)}{' '}
            <button type="button" onClick={state.again}>
              {frame.tryAgain}
            </button>
          </p>
        </Outcome>
      );
    case 'wrong':
      return (
        <Outcome name={name} onDismiss={onDismiss} mood="bad">
          <Wrong name={name} state={state} />
        </Outcome>
      );
    case 'done':
    case 'undone':
      return (
        <Outcome name={name} onDismiss={onDismiss} mood={state.refused.length > 0 ? 'bad' : 'good'}>
          <Done name={name} state={state} />
        </Outcome>
      );
  }
}

const Outcome = ({
  name,
  mood,
  dismiss = inventory.dismiss,
  onDismiss,
  children,
}: {
  name: string;
  mood?: 'good' | 'bad';
  dismiss?: string;
  onDismiss: () => void;
  children: ReactNode;
}) => (
  <section className={`panel stock-upload ${mood ? `stock-upload-${mood}` : ''}`} aria-label={name}>
    {children}
    <button type="button" className="button-quiet" onClick={onDismiss}>
      {dismiss}
    </button>
  </section>
);

type In<Kind> = { name: string; state: Extract<StockUploadState, { kind: Kind }> };

const Wrong = ({ name, state: { why, errors, errorCount } }: In<'wrong'>) => (
  <div role="alert">
    <p>
      <strong>{name}</strong>: {errors.length > 1 ? stockCsv.errors(errorCount) : why}
      <br />
      {stockCsv.nothingChanged}
    </p>
    {errors.length > 1 && <WrongLines errors={errors} count={errorCount} />}
  </div>
);

const Done = ({ name, state }: In<'done' | 'undone'>) => (
  <div>
    <p role="status">
      <strong>{name}</strong>: {doneText(state)}
      {state.refused.length > 0 && `, ${stockCsv.refused(formatNumber(state.refused.length))}`}
    </p>
    {state.kind === 'done' && state.undo && (
      <p className="row stock-undo">
        <button type="button" onClick={state.undo}>
          {stockCsv.undo}
        </button>
        <span className="quiet">{stockCsv.undoHelp}</span>
      </p>
    )}
    {state.refused.length > 0 && <RefusedRows refused={state.refused} />}
  </div>
);

function doneText(state: In<'done' | 'undone'>['state']): string {
  const good = state.rows - state.refused.length;
  if (state.rows === 0) return stockCsv.noRows;
  return state.kind === 'undone' ? stockCsv.undone(good) : stockCsv.done(state.of, good, formatNumber(good));
}
