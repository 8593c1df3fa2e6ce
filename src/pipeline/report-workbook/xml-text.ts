/** Texts in the XML of a workbook. Characters that XML cannot hold are written as spreadsheets do, and read back as they were. */

/** What a spreadsheet takes in one cell. */
const MAX_CELL_CHARS = 32_767;
const CUT_MARK = '…';

/** Also what looks like an escaped character already, as it would be read as one. Source: ECMA-376, part 1, 22.9.2.19. */
const NOT_IN_XML = /[\0-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)/g;
const MARKUP = /[&<>"]/g;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function xmlText(text: string): string {
  const short = text.length > MAX_CELL_CHARS ? text.slice(0, MAX_CELL_CHARS - 1) + CUT_MARK : text;
  return short
    .toWellFormed()
    .replace(NOT_IN_XML, (char) => `_x${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`)
    .replace(MARKUP, (char) => ENTITIES[char]!);
}
