/** What more there is to say about where a value comes from: the constant, the columns that are joined, the price of all pieces. */
import { useId } from 'react';
import type { PreviewResponse } from '../../http/preview-response.ts';
import type { OrderColumn } from '../../model/columns.ts';
import type { Source } from '../../model/format.ts';
import { orderColumn, columns as words } from '../texts/formats.ts';
import { namesIn } from './draft.ts';

export interface ColumnFieldProps {
  column: OrderColumn;
  source: Source | undefined;
  /** The columns of the file. */
  names: readonly string[];
  examples: PreviewResponse['columns'];
  /** How sure the suggestion is, while it stands; null: it was chosen by the user. */
  confidence: number | null;
  hubs: readonly string[];
  onChange: (source: Source | undefined) => void;
}

type Props = ColumnFieldProps & { source: Source };

export function SourceDetails(props: Props) {
  const { column, source } = props;
  if ('value' in source) return <Constant {...props} value={source.value} />;
  if ('compute' in source) return null;
  if ('join' in source || Array.isArray(source.from)) return <SeveralColumns {...props} />;
  return column === 'unit_price' ? <OfAllPieces {...props} from={source.from} /> : null;
}

function Constant({ column, value, hubs, onChange }: Props & { value: string }) {
  const listId = useId();
  return (
    <>
      <input
        aria-label={words.value(orderColumn[column])}
        value={value}
        maxLength={500}
        autoComplete="off"
        spellCheck={false}
        list={column === 'hub_id' ? listId : undefined}
        onChange={({ target }) => onChange({ value: target.value })}
      />
      {column === 'hub_id' && (
        <datalist id={listId}>
          {hubs.map((hub) => (
            <option key={hub} value={hub} />
          ))}
        </datalist>
      )}
    </>
  );
}

function SeveralColumns({ column, source, names, onChange }: Props) {
  const chosen = namesIn(source);
  const set = (next: string[]) => onChange('join' in source ? { ...source, join: next } : { ...source, from: next });
  const unused = names.filter((name) => !chosen.includes(name));
  const label = orderColumn[column];
  return (
    <div className="several-columns">
      {chosen.map((name, place) => (
        <div key={name} className="one-of-several">
          <select
            aria-label={words.one(label, place + 1)}
            value={name}
            onChange={({ target }) => set(chosen.with(place, target.value))}
          >
            {[name, ...unused].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
          {chosen.length > 1 && (
            <button
              type="button"
              className="button-quiet"
              aria-label={words.removeFrom(name, label)}
              onClick={() => set(chosen.toSpliced(place, 1))}
            >
              {words.remove}
            </button>
          )}
        </div>
      ))}
      <div className="row">
        {unused.length > 0 && (
          <button type="button" aria-label={words.addTo(label)} onClick={() => set([...chosen, unused[0]!])}>
            {words.add}
          </button>
        )}
        {'join' in source && (
          <label>
            {words.between}
            <input
              className="between"
              value={source.with ?? ' '}
              maxLength={20}
              onChange={({ target }) => onChange({ ...source, with: target.value })}
            />
          </label>
        )}
      </div>
    </div>
  );
}

const OfAllPieces = ({ source, from, onChange }: Props & { from: string }) => (
  <label className="check">
    <input
      type="checkbox"
      checked={'divide_by' in source && source.divide_by === 'quantity'}
      onChange={({ target }) => onChange(target.checked ? { from, divide_by: 'quantity' } : { from })}
    />
    {words.divide}
  </label>
);
