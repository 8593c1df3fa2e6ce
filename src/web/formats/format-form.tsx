/** The fields of a format. With a sample they show what it has, and how its first rows would be read. */
import './formats.css';
import { useQuery } from '@tanstack/react-query';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import type { Source } from '../../model/format.ts';
import { inventoryQuery } from '../api/queries.ts';
import { useMay, useMe } from '../api/session.ts';
import { columns as words } from '../texts/formats.ts';
import { ColumnField } from './column-field.tsx';
import { columnsOf, type Draft } from './draft.ts';
import { FirstRows } from './first-rows.tsx';
import { ReadingFields } from './reading-fields.tsx';
import { RowFields } from './row-fields.tsx';
import type { DraftInWork } from './use-draft.ts';
import { DateFields, NumberFields } from './written-fields.tsx';

export function FormatForm({ work }: { work: DraftInWork }) {
  const { draft, preview, suggestion, missing, change, isBusy, error } = work;
  const hubs = useHubs();
  const examples = preview?.columns ?? [];
  const names = preview
    ? examples
        .filter(({ name, duplicate }) => name !== '' && !name.startsWith('_') && !duplicate)
        .map(({ name }) => name)
    : columnsOf(draft);
  const written = { draft, preview, onChange: change };
  return (
    <div className="format-form">
      <ReadingFields work={work} />
      <section className="panel" aria-labelledby="columns">
        <h2 id="columns">{words.title}</h2>
        <p className="quiet">{words.help}</p>
        {ORDER_COLUMNS.map((column) => (
          <ColumnField
            key={column}
            {...{ column, names, examples, hubs }}
            source={draft.columns?.[column]}
            confidence={
              isSuggested(column, draft, suggestion?.format) ? (suggestion?.confidence[column] ?? null) : null
            }
            onChange={(source) => change({ columns: withSource(draft.columns, column, source) })}
          />
        ))}
      </section>
      <div className="format-groups">
        <NumberFields {...written} isMissing={missing.includes('numbers')} />
        <DateFields {...written} isMissing={missing.includes('dates')} />
        <RowFields {...written} names={names} />
      </div>
      {preview && <FirstRows preview={preview} draft={draft} missing={missing} isBusy={isBusy} error={error} />}
    </div>
  );
}

const isSuggested = (column: OrderColumn, draft: Draft, suggested: Draft | undefined): boolean =>
  JSON.stringify(draft.columns?.[column]) === JSON.stringify(suggested?.columns?.[column]);

function withSource(columns: Draft['columns'] = {}, column: OrderColumn, source: Source | undefined) {
  const { [column]: _, ...others } = columns;
  return source === undefined ? others : { ...others, [column]: source };
}

/** Those of the user, or of the stock. */
function useHubs(): readonly string[] {
  const me = useMe();
  const mayRead = useMay('stock:read');
  const { data } = useQuery({ ...inventoryQuery({ limit: '1000' }), enabled: mayRead && !me?.hubs });
  return me?.hubs ?? [...new Set(data?.items.map(({ hub_id }) => hub_id))].sort();
}
