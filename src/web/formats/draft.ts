/** A format while it is being written: what is not said yet is left out. */
import type { PreviewResponse } from '../../http/preview-response.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../model/columns.ts';
import type { Format, Source } from '../../model/format.ts';

export interface Draft extends Partial<Omit<Format, 'name' | 'columns' | 'header' | 'numbers'>> {
  header?: Partial<Format['header']>;
  columns?: Partial<Record<OrderColumn, Source>>;
  numbers?: Partial<Format['numbers']>;
}

/** How the value of a column is found, as it is chosen. */
export type Kind = 'column' | 'first' | 'join' | 'value' | 'compute';

export function kindOf(source: Source): Kind {
  if ('value' in source) return 'value';
  if ('join' in source) return 'join';
  if ('compute' in source) return 'compute';
  return Array.isArray(source.from) ? 'first' : 'column';
}

export function namesIn(source: Source | undefined): string[] {
  if (!source) return [];
  if ('from' in source) return [source.from].flat();
  return 'join' in source ? source.join : [];
}

/** The same columns in another way. */
export function asKind(kind: Exclude<Kind, 'column'>, before: Source | undefined, columns: readonly string[]): Source {
  const names = namesIn(before);
  const some = names.length > 0 ? names : columns.slice(0, 1);
  if (kind === 'value') return { value: '' };
  if (kind === 'compute') return { compute: true };
  return kind === 'join' ? { join: some, with: ' ' } : { from: some };
}

/** What a person confirms of a preview: a file without hubs is of one that is to be said. How numbers and dates are written is told anew for other columns, unless the format says it. */
export function draftOf({ fit, format }: PreviewResponse): Draft {
  const { name: _, numbers, dates, columns, ...others } = format as Draft & { name?: string };
  return {
    ...others,
    ...(columns && { columns: { hub_id: { value: '' }, ...columns } }),
    ...(fit !== 'suggested' && { ...(numbers && { numbers }), ...(dates && { dates }) }),
  };
}

/** What can be sent of it: a constant that is not typed yet is not said. */
export const said = ({ columns, ...others }: Draft): Draft => ({
  ...others,
  ...(columns && { columns: Object.fromEntries(Object.entries(columns).filter(([, source]) => !isEmpty(source))) }),
});

const isEmpty = (source: Source): boolean => 'value' in source && source.value.trim() === '';

/** All that is said of the format, with what the preview adds; a file with the same header is read by it unasked. */
export function completed(draft: Draft, preview: PreviewResponse | undefined): Draft {
  if (!preview) return draft;
  const names = preview.columns.map(({ name }) => name);
  const header = preview.header && { skip_rows: preview.header.skip_rows, columns: names };
  return { ...(preview.format as Draft), ...draft, ...(header && { header }) };
}

/** What is still to be said; `numbers` and `dates` are known only from a file. */
export function missingIn(draft: Draft, preview: PreviewResponse | undefined): PreviewResponse['missing'] {
  const columns = ORDER_COLUMNS.filter((column) => {
    const source = draft.columns?.[column];
    return source === undefined ? column !== 'total_amount' : isEmpty(source);
  });
  const forms = preview?.missing.filter((what) => what === 'numbers' || what === 'dates') ?? [];
  return [...columns, ...forms.filter((what) => draft[what] === undefined)];
}

/** The columns that a format reads, in the order of the file where that is known. */
export function columnsOf(draft: Draft): string[] {
  const used = ORDER_COLUMNS.flatMap((column) => namesIn(draft.columns?.[column]));
  return [...new Set([...(draft.header?.columns ?? []), ...used, ...(draft.only ? [draft.only.column] : [])])].filter(
    (name) => name !== '',
  );
}

/** A name that the service takes, from that of a file or of a preset. */
export function nameFrom(text: string): string {
  const plain = text
    .replace(/(\.(csv|txt|tsv|xlsx|gz))+$/i, '')
    .normalize('NFKD')
    .toLowerCase();
  const name = plain.replace(/\p{Mark}+/gu, '').replace(/[^a-z0-9]+/g, '-');
  return name.replace(/^-+|-+$/g, '').slice(0, 64) || 'orders';
}
