/** Where the values of one column of an order come from, with examples from the file, and how sure the suggestion is. */
import { useId } from 'react';
import { nameKey } from '../../model/column-names.ts';
import { orderColumn, columns as words } from '../texts/formats.ts';
import { asKind, type Kind, kindOf, namesIn } from './draft.ts';
import { type ColumnFieldProps, SourceDetails } from './source-details.tsx';

const SURE = 0.8;
/** Of each of several columns fewer. */
const MOST_EXAMPLES = 6;
/** Before the name of a column, to tell it from the other ways. */
const COLUMN = 'column ';

export function ColumnField(props: ColumnFieldProps) {
  const { column, source, onChange } = props;
  const names = withNamed(props.names, namesIn(source));
  const id = useId();
  const chosen =
    source === undefined ? '' : kindOf(source) === 'column' ? `${COLUMN}${namesIn(source)[0]}` : kindOf(source);
  const choose = (value: string) => {
    if (value === '') onChange(undefined);
    else if (value.startsWith(COLUMN)) onChange({ from: value.slice(COLUMN.length) });
    else onChange(asKind(value as Exclude<Kind, 'column'>, source, names));
  };
  const kinds = (
    ['value', 'join', 'first', ...(column === 'total_amount' ? ['compute' as const] : [])] as const
  ).filter((kind) => kind === 'value' || kind === 'compute' || names.length > 0);
  return (
    <div className="column-field">
      <label htmlFor={id} className="column-name">
        <strong>{orderColumn[column]}</strong> <code>{column}</code>
      </label>
      <div className="column-source">
        <select
          id={id}
          value={chosen}
          aria-describedby={`${id}-hint`}
          aria-invalid={source === undefined || undefined}
          onChange={({ target }) => choose(target.value)}
        >
          <option value="">{words.notYet}</option>
          <optgroup label={words.ofFile}>
            {names.map((name) => (
              <option key={name} value={`${COLUMN}${name}`}>
                {name}
              </option>
            ))}
          </optgroup>
          <optgroup label={words.ways}>
            {kinds.map((kind) => (
              <option key={kind} value={kind}>
                {words.kind[kind]}
              </option>
            ))}
          </optgroup>
        </select>
        {source && <SourceDetails {...props} names={names} source={source} />}
      </div>
      <div id={`${id}-hint`} className="column-hint">
        <Certainty {...props} />
        <Examples {...props} />
      </div>
    </div>
  );
}

/** A format may write a name in another way, or name a column that the file does not have. */
function withNamed(names: readonly string[], named: readonly string[]): string[] {
  const byKey = new Map(named.map((name) => [nameKey(name), name]));
  return [...new Set([...names.map((name) => byKey.get(nameKey(name)) ?? name), ...named])];
}

function Certainty({ source, confidence }: ColumnFieldProps) {
  if (source === undefined) return <span className="column-missing">{words.missing}</span>;
  if (confidence === null) return null;
  const isSure = confidence >= SURE;
  return (
    <span className={isSure ? 'quiet' : 'column-unsure'}>
      {words.sure(confidence)}
      {!isSure && `, ${words.check}`}
    </span>
  );
}

function Examples({ source, examples }: ColumnFieldProps) {
  const used = namesIn(source).flatMap((name) => examples.find((one) => nameKey(one.name) === nameKey(name)) ?? []);
  if (used.length === 0) return null;
  const values = used.flatMap(({ values }) => values.slice(0, Math.max(1, Math.floor(MOST_EXAMPLES / used.length))));
  return (
    <span className="column-examples">
      {values.length === 0 ? (
        <span className="quiet">{words.empty}</span>
      ) : (
        values.map((value, place) => (
          <code key={place} title={value}>
            {value}
          </code>
        ))
      )}
    </span>
  );
}
