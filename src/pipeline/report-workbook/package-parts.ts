/**
 * The parts of the workbook of a report that are the same in all of them.
 * Source: ECMA-376, part 1, 18 (SpreadsheetML), and part 2 (packages).
 */
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const DOCUMENT = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

export const SHEETS_NAMESPACE = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
export const RELATIONS_NAMESPACE = DOCUMENT;
export const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

const relations = (...all: [id: string, type: string, target: string][]): string =>
  `${DECLARATION}<Relationships xmlns="${PACKAGE}/relationships">${all
    .map(([id, type, target]) => `<Relationship Id="${id}" Type="${DOCUMENT}/${type}" Target="${target}"/>`)
    .join('')}</Relationships>`;

/** The styles of cells, by their numbers. All are text, so that what a person types keeps its zeros. */
export const STYLE = { text: 1, wrong: 2, header: 3 } as const;

/** `@`: text. */
const TEXT_FORMAT = 49;

const styles = `${DECLARATION}<styleSheet xmlns="${SHEETS_NAMESPACE}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFC7CE"/><bgColor indexed="64"/></patternFill></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="${TEXT_FORMAT}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="${TEXT_FORMAT}" fontId="0" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFill="1"/><xf numFmtId="${TEXT_FORMAT}" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;

export const SHEET_PART = 'xl/worksheets/sheet1.xml';
export const NOTES_PART = 'xl/comments1.xml';
export const NOTE_SHAPES_PART = 'xl/drawings/vmlDrawing1.vml';
/** By which the sheet refers to the shapes of its notes. */
export const NOTE_SHAPES_ID = 'rId2';

export const PACKAGE_PARTS: readonly (readonly [name: string, xml: string])[] = [
  [
    '[Content_Types].xml',
    `${DECLARATION}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/><Override PartName="/xl/workbook.xml" ContentType="${TYPES}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPES}.styles+xml"/><Override PartName="/${SHEET_PART}" ContentType="${TYPES}.worksheet+xml"/><Override PartName="/${NOTES_PART}" ContentType="${TYPES}.comments+xml"/></Types>`,
  ],
  ['_rels/.rels', relations(['rId1', 'officeDocument', 'xl/workbook.xml'])],
  [
    'xl/workbook.xml',
    `${DECLARATION}<workbook xmlns="${SHEETS_NAMESPACE}" xmlns:r="${DOCUMENT}"><sheets><sheet name="Rejected rows" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  ],
  [
    'xl/_rels/workbook.xml.rels',
    relations(['rId1', 'worksheet', 'worksheets/sheet1.xml'], ['rId2', 'styles', 'styles.xml']),
  ],
  ['xl/styles.xml', styles],
  [
    'xl/worksheets/_rels/sheet1.xml.rels',
    relations(['rId1', 'comments', '../comments1.xml'], [NOTE_SHAPES_ID, 'vmlDrawing', '../drawings/vmlDrawing1.vml']),
  ],
];
