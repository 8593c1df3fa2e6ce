/** How the bytes of a file are read: encoding, delimiter, and the row of the header. */
import type { PreviewResponse } from '../../http/preview-response.ts';
import { DELIMITERS, type Delimiter } from '../../model/intake.ts';
import { filePage } from '../texts/file.ts';
import { reading as words } from '../texts/formats.ts';
import type { DraftInWork } from './use-draft.ts';
import { Group } from './written-fields.tsx';

/** Those that order files have; a file in another one is uploaded with it. */
const ENCODINGS = [
  'utf-8',
  'windows-1252',
  'utf-16le',
  'utf-16be',
  'windows-1250',
  'iso-8859-2',
  'iso-8859-15',
  'macintosh',
];
const MOST_ABOVE = 100;

export function ReadingFields({ work: { draft, preview, readAs } }: { work: DraftInWork }) {
  const encoding = draft.encoding ?? preview?.encoding ?? '';
  const delimiter = draft.delimiter ?? preview?.delimiter ?? '';
  const header = preview?.header;
  return (
    <Group title={words.title}>
      <div className="row">
        {preview?.sheet ? (
          <p className="sheet">{words.sheet(preview.sheet.name)}</p>
        ) : (
          <>
            <label>
              {words.encoding}
              <select value={encoding} onChange={({ target }) => readAs({ encoding: target.value || null })}>
                {[...new Set([...(preview ? [] : ['']), encoding, ...ENCODINGS])].map((name) => (
                  <option key={name} value={name}>
                    {name === '' ? words.detected : ((filePage.encoding as Record<string, string>)[name] ?? name)}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {words.delimiter}
              <select
                value={delimiter}
                onChange={({ target }) => readAs({ delimiter: (target.value as Delimiter) || null })}
              >
                {(delimiter === '' || !preview) && <option value="">{words.detected}</option>}
                {DELIMITERS.map((delimiter) => (
                  <option key={delimiter} value={delimiter}>
                    {words.delimiters[delimiter]}
                  </option>
                ))}
              </select>
            </label>
          </>
        )}
        <label>
          {words.above}
          <input
            type="number"
            inputMode="numeric"
            min={0}
            max={MOST_ABOVE}
            value={draft.header?.skip_rows ?? 0}
            onChange={({ target }) =>
              target.validity.valid && target.value !== '' && readAs({ header: { skip_rows: Number(target.value) } })
            }
          />
        </label>
      </div>
      <p className="quiet">
        {preview && headerWords(header ?? null)} {preview && words.again}
      </p>
    </Group>
  );
}

function headerWords(header: PreviewResponse['header']): string {
  if (!header) return words.noHeader;
  const row = words.headerRow(header.row);
  return header.titles.length === 0 ? row : `${row} ${words.titles(header.titles)}`;
}
