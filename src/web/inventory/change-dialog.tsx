/** The dialogs that change stock: set a row, adjust it, or add one. */
import { type FormEvent, useState } from 'react';
import type { StockResponse } from '../../http/responses.ts';
import { Dialog } from '../components/dialog.tsx';
import { formatNumber } from '../components/number.tsx';
import { inventory } from '../texts/inventory.ts';
import type { Change } from './stock-changes.ts';

/** The most that the service keeps of one SKU at one hub. */
const MAX_STOCK = 1_000_000_000_000;

export type Question = { kind: 'set' | 'adjust'; row: StockResponse } | { kind: 'add' };

export function ChangeDialog({
  question,
  onChange,
  onClose,
}: {
  question: Question | null;
  onChange: (change: Change) => void;
  onClose: () => void;
}) {
  const answer = (change: Change) => {
    onClose();
    onChange(change);
  };
  return (
    <Dialog title={question ? title(question) : ''} open={question !== null} onClose={onClose}>
      {question?.kind === 'adjust' && <AdjustForm row={question.row} onChange={answer} />}
      {question?.kind === 'set' && <SetForm row={question.row} onChange={answer} />}
      {question?.kind === 'add' && <SetForm row={null} onChange={answer} />}
    </Dialog>
  );
}

function title(question: Question): string {
  if (question.kind === 'add') return inventory.addTitle;
  const { sku, hub_id } = question.row;
  return (question.kind === 'set' ? inventory.setTitle : inventory.adjustTitle)(sku, hub_id);
}

type FormProps<Row> = { row: Row; onChange: (change: Change) => void };

function SetForm({ row, onChange }: FormProps<StockResponse | null>) {
  const [sku, setSku] = useState(row?.sku ?? '');
  const [hubId, setHubId] = useState(row?.hub_id ?? '');
  const [available, setAvailable] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange({ sku: sku.trim(), hub_id: hubId.trim(), available: Number(available) });
  };
  return (
    <form className="change-form" onSubmit={submit}>
      {row ? (
        <p className="quiet">{inventory.now(formatNumber(row.available))}</p>
      ) : (
        <>
          <TextField label={inventory.sku} value={sku} onChange={setSku} />
          <TextField label={inventory.hub} value={hubId} onChange={setHubId} />
        </>
      )}
      <NumberField label={inventory.newNumber} min={0} value={available} onChange={setAvailable} />
      {!row && <p className="quiet">{inventory.addHelp}</p>}
      <button type="submit" className="button-main">
        {inventory.save}
      </button>
    </form>
  );
}

function AdjustForm({ row, onChange }: FormProps<StockResponse>) {
  const [sign, setSign] = useState<1 | -1>(1);
  const [by, setBy] = useState('');
  const after = row.available + sign * Number(by);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange({ sku: row.sku, hub_id: row.hub_id, delta: sign * Number(by) });
  };
  const direction = (value: 1 | -1, label: string) => (
    <label className="change-direction">
      <input type="radio" name="direction" checked={sign === value} onChange={() => setSign(value)} />
      {label}
    </label>
  );
  return (
    <form className="change-form" onSubmit={submit}>
      <fieldset>
        <legend>{inventory.direction}</legend>
        {direction(1, inventory.increase)}
        {direction(-1, inventory.decrease)}
      </fieldset>
      <NumberField label={inventory.by} min={1} value={by} onChange={setBy} />
      <p className="quiet number" aria-live="polite">
        {by === ''
          ? inventory.now(formatNumber(row.available))
          : after < 0
            ? inventory.previewBelow
            : inventory.preview(formatNumber(row.available), formatNumber(after))}
      </p>
      <button type="submit" className="button-main">
        {inventory.save}
      </button>
    </form>
  );
}

type FieldProps = { label: string; value: string; onChange: (value: string) => void };

const TextField = ({ label, value, onChange }: FieldProps) => (
  <label>
    {label}
    <input
      required
      pattern=".*\S.*"
      maxLength={500}
      autoComplete="off"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  </label>
);

const NumberField = ({ label, min, value, onChange }: FieldProps & { min: number }) => (
  <label>
    {label}
    <input
      type="number"
      inputMode="numeric"
      required
      min={min}
      max={MAX_STOCK}
      step={1}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  </label>
);
