/** Workbooks as spreadsheets write them, and as they do not. */
import { type ZipPart, zipOf } from './zip.ts';

export const OF_PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
export const OF_DOCUMENT = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
export const OF_SHEETS = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const MAIN_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml';

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

export interface SheetOf {
  name: string;
  /** What is in `sheetData`. */
  rows: string;
  state?: 'hidden';
}

export interface WorkbookOf {
  sheets?: SheetOf[];
  /** What is in `sst`. */
  texts?: string;
  /** The codes of number formats, by which cells have the styles 1, 2 and so on. */
  formats?: (string | number)[];
  is1904?: boolean;
  mainType?: string;
  /** Added, or in place of those with the same name. */
  parts?: ZipPart[];
}

/** The parts of a workbook. */
export function partsOf({
  sheets = [],
  texts,
  formats = [],
  is1904,
  mainType = MAIN_TYPE,
  parts = [],
}: WorkbookOf): ZipPart[] {
  const relation = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${OF_DOCUMENT}/${type}" Target="${target}"/>`;
  const relations = (all: string[]) =>
    `<Relationships xmlns="${OF_PACKAGE}/relationships">${all.join('')}</Relationships>`;
  const own: ZipPart[] = [
    {
      name: '[Content_Types].xml',
      bytes: `<Types xmlns="${OF_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${mainType}"/></Types>`,
    },
    { name: '_rels/.rels', bytes: relations([relation('rId1', 'officeDocument', 'xl/workbook.xml')]) },
    {
      name: 'xl/workbook.xml',
      bytes: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<workbook xmlns="${OF_SHEETS}" xmlns:r="${OF_DOCUMENT}">${is1904 ? '<workbookPr date1904="1"/>' : ''}<sheets>${sheets
        .map(
          ({ name, state }, i) =>
            `<sheet name="${escapeXml(name)}" sheetId="${i + 1}" ${state ? `state="${state}"` : ''} r:id="rId${i + 1}"/>`,
        )
        .join('')}</sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      bytes: relations([
        ...sheets.map((_, i) => relation(`rId${i + 1}`, 'worksheet', `worksheets/sheet${i + 1}.xml`)),
        relation('rIdStyles', 'styles', 'styles.xml'),
        ...(texts === undefined ? [] : [relation('rIdTexts', 'sharedStrings', '/xl/sharedStrings.xml')]),
      ]),
    },
    {
      name: 'xl/styles.xml',
      bytes: `<styleSheet xmlns="${OF_SHEETS}"><numFmts>${formats
        .map((code, i) =>
          typeof code === 'string' ? `<numFmt numFmtId="${164 + i}" formatCode="${escapeXml(code)}"/>` : '',
        )
        .join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>${formats
        .map((code, i) => `<xf numFmtId="${typeof code === 'string' ? 164 + i : code}" applyNumberFormat="1"/>`)
        .join('')}</cellXfs></styleSheet>`,
    },
    ...sheets.map(({ rows }, i) => ({
      name: `xl/worksheets/sheet${i + 1}.xml`,
      bytes: `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="${OF_SHEETS}"><dimension ref="A1"/><sheetData>${rows}</sheetData><pageMargins left="0.7"/></worksheet>`,
    })),
    ...(texts === undefined
      ? []
      : [{ name: 'xl/sharedStrings.xml', bytes: `<sst xmlns="${OF_SHEETS}">${texts}</sst>` }]),
  ];
  const names = new Set(parts.map(({ name }) => name));
  return [...own.filter(({ name }) => !names.has(name)), ...parts];
}

export const workbookOf = (workbook: WorkbookOf): Buffer => zipOf(partsOf(workbook));

/** Rows of cells: texts as texts, numbers as numbers, `null` for a cell that is not there, and XML as it is. */
export type CellOf = string | number | null | { xml: string };

export const rowsOf = (rows: readonly (readonly CellOf[])[]): string =>
  rows
    .map(
      (cells, y) =>
        `<row r="${y + 1}">${cells
          .map((cell, x) => {
            const place = `${columnName(x)}${y + 1}`;
            if (cell === null) return '';
            if (typeof cell === 'number') return `<c r="${place}"><v>${cell}</v></c>`;
            if (typeof cell === 'object') return cell.xml.replace('<c', `<c r="${place}"`);
            return `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(cell)}</t></is></c>`;
          })
          .join('')}</row>`,
    )
    .join('');

export const columnName = (index: number): string =>
  (index >= 26 ? columnName(Math.floor(index / 26) - 1) : '') + String.fromCharCode(65 + (index % 26));

export const sheetOf = (rows: readonly (readonly CellOf[])[], others: WorkbookOf = {}): Buffer =>
  workbookOf({ ...others, sheets: [{ name: 'Orders', rows: rowsOf(rows) }] });
