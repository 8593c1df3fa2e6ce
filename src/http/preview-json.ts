/** A preview as the JSON of the API. */
import { limits } from '../limits.ts';
import type { Preview } from '../pipeline/preview/preview.ts';
import type { PreviewResponse } from './preview-response.ts';

const short = (text: string): string => text.slice(0, limits.maxTextChars);

export function previewJson(preview: Preview): PreviewResponse {
  const { beginning, header, columns, by, format, confidence, evidence, missing, rows, failure } = preview;
  const { bytes, whole, gzip, bom, encoding, encodingBy, sheet } = beginning;
  return {
    ...{ bytes, whole, gzip, bom, encoding, encoding_by: encodingBy },
    delimiter: header?.delimiter ?? null,
    ...(sheet && { sheet }),
    header: header && {
      row: header.record.row,
      skip_rows: preview.skipRows,
      titles: header.titles.map(({ cells }) => short(cells.filter((cell) => cell !== '').join(' '))),
    },
    columns: columns.map(({ name, examples, filled, isAmbiguous }) => ({
      ...{ name, values: examples, filled, duplicate: isAmbiguous && name !== '' },
    })),
    ...{ fit: by, format: { ...format }, confidence, missing: [...missing], evidence: evidenceJson(evidence) },
    rows: rows.map(({ values, ...row }) => ({ ...row, values: values && shortened(values) })),
    failure,
  };
}

const shortened = <Column extends string>(values: Record<Column, string>): Record<Column, string> =>
  Object.fromEntries(Object.entries<string>(values).map(([column, value]) => [column, short(value)])) as Record<
    Column,
    string
  >;

function evidenceJson({ numbers, dates, amounts, lines }: Preview['evidence']): PreviewResponse['evidence'] {
  const { firstUnreadable, ...others } = dates ?? { firstUnreadable: null };
  return {
    numbers,
    dates: dates && { ...(others as Omit<typeof dates, 'firstUnreadable'>), first_unreadable: firstUnreadable },
    amounts: { checked: amounts.checked, exact: amounts.exact, against: amounts.against },
    lines: { orders: lines.orders, rows: lines.rows },
  };
}
