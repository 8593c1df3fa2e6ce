/** The notes of a sheet: their texts, and the shapes in which a spreadsheet shows them. */
import { DECLARATION, SHEETS_NAMESPACE } from './package-parts.ts';
import { xmlText } from './xml-text.ts';

export interface Note {
  /** From 0. */
  row: number;
  column: number;
  text: string;
}

/** `AB12`, of indices from 0. */
export const placeOf = (row: number, column: number): string => `${columnLetters(column)}${row + 1}`;

export const columnLetters = (column: number): string =>
  (column >= 26 ? columnLetters(Math.floor(column / 26) - 1) : '') + String.fromCharCode(65 + (column % 26));

export function* notesXml(notes: readonly Note[]): Generator<string> {
  yield `${DECLARATION}<comments xmlns="${SHEETS_NAMESPACE}"><authors><author>OMS</author></authors><commentList>`;
  for (const { row, column, text } of notes)
    yield `<comment ref="${placeOf(row, column)}" authorId="0"><text><t xml:space="preserve">${xmlText(text)}</t></text></comment>`;
  yield '</commentList></comments>';
}

/** A block of ids of shapes; a drawing lists those that it uses. */
const IDS_OF_BLOCK = 1024;
/** In cells: beside the cell that it is on, wide enough for a reason. */
const NOTE_COLUMNS = 4;
const NOTE_ROWS = 5;

/** Spreadsheets show only notes that have a shape. Source: ECMA-376, part 4, 19 (VML). */
export function* noteShapesXml(notes: readonly Note[]): Generator<string> {
  const blocks = Array.from({ length: Math.ceil((notes.length + 1) / IDS_OF_BLOCK) }, (_, i) => i + 1).join(',');
  yield `<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="${blocks}"/></o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>`;
  for (const [i, { row, column }] of notes.entries()) {
    const anchor = [column + 1, 15, row, 2, column + 1 + NOTE_COLUMNS, 15, row + NOTE_ROWS, 4].join(', ');
    yield `<v:shape id="_x0000_s${IDS_OF_BLOCK + 1 + i}" type="#_x0000_t202" style="position:absolute;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"/><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>${anchor}</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>${row}</x:Row><x:Column>${column}</x:Column></x:ClientData></v:shape>`;
  }
  yield '</xml>';
}
