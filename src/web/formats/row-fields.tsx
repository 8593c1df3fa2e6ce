/** What a row is: an order or a line of one; and which rows are taken at all. */
import { useState } from 'react';
import type { PreviewResponse } from '../../http/preview-response.ts';
import { formatNumber } from '../components/number.tsx';
import { lines as words } from '../texts/formats.ts';
import type { Draft } from './draft.ts';
import { Group } from './written-fields.tsx';

interface Props {
  draft: Draft;
  preview: PreviewResponse | undefined;
  names: readonly string[];
  onChange: (changes: Partial<Draft>) => void;
}

export function RowFields({ draft, preview, names, onChange }: Props) {
  const { lines = 'rows', total = 'line' } = draft;
  const seen = preview?.evidence.lines;
  return (
    <Group title={words.title}>
      <div className="row">
        <label>
          {words.form}
          <select
            value={lines}
            onChange={({ target }) =>
              onChange(target.value === 'rows' ? { lines: 'rows', total: 'line' } : { lines: 'adjacent' })
            }
          >
            <option value="rows">{words.rows}</option>
            <option value="adjacent">{words.adjacent}</option>
          </select>
        </label>
        {lines === 'adjacent' && (
          <label>
            {words.total}
            <select value={total} onChange={({ target }) => onChange({ total: target.value as 'line' | 'order' })}>
              <option value="line">{words.totals.line}</option>
              <option value="order">{words.totals.order}</option>
            </select>
          </label>
        )}
        <Only draft={draft} names={names} onChange={onChange} />
      </div>
      {seen && seen.orders > 0 && (
        <p className="quiet">{words.seen(seen.orders, seen.rows.map(formatNumber).join(', '))}</p>
      )}
    </Group>
  );
}

function Only({ draft: { only = null }, names, onChange }: Pick<Props, 'draft' | 'names' | 'onChange'>) {
  const [typed, setTyped] = useState(only?.in.join(', ') ?? '');
  const set = (column: string, text: string) => {
    setTyped(text);
    onChange({ only: column === '' ? null : { column, in: text.split(',').map((one) => one.trim()) } });
  };
  return (
    <>
      <label>
        {words.only}
        <select value={only?.column ?? ''} onChange={({ target }) => set(target.value, typed)}>
          <option value="">{words.every}</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {only && (
        <label title={words.isHelp}>
          {words.is}
          <input value={typed} autoComplete="off" onChange={({ target }) => set(only.column, target.value)} />
        </label>
      )}
    </>
  );
}
