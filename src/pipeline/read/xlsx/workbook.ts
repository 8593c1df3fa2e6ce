/**
 * What a workbook says of its sheets: their names and where they are, its date system, and which cell styles show a date. A workbook with
 * macros is refused, and what is no workbook.
 * Source: ECMA-376, part 1, 12.2 and 18.2; the strict form has other namespaces and the same names.
 */
import { limits } from '../../../limits.ts';
import { fileFailure, notCsv } from '../../../model/file-failure.ts';
import { type DateStyle, dateStyleOf } from './number-formats.ts';
import { type Attributes, prefixed, readXml, type XmlTaker } from './xml.ts';
import { corruptWorkbook, type ZipParts } from './zip-parts.ts';

export interface Sheet {
  name: string;
  /** The name of its part. */
  part: string;
  hidden: boolean;
}

export interface Workbook {
  /** Those with cells, in their order. */
  sheets: Sheet[];
  /** Days are counted from 1904-01-01. */
  is1904: boolean;
  /** How the style shows a date, by its number; null: it shows none. */
  styles: readonly (DateStyle | null)[];
  /** The part with the texts of cells; null: there is none. */
  texts: string | null;
}

/** Throws `not_csv` for what is no workbook of cells alone, and `corrupt_workbook`. */
export async function readWorkbook(parts: ZipParts): Promise<Workbook> {
  refuseOthers(parts.names);
  const path = await workbookPart(parts);
  const relations = await relationsOf(parts, path);
  const entries: { name: string; id: string; hidden: boolean }[] = [];
  let is1904 = false;
  await readPart(parts, path, (name, attributes) => {
    if (name === 'workbookPr') is1904 = ['1', 'true', 'on'].includes(attributes.date1904 ?? '');
    if (name !== 'sheet') return;
    if (entries.length >= limits.maxSheets) throw corruptWorkbook(`it has more than ${limits.maxSheets} sheets`);
    const hidden = (attributes.state ?? 'visible') !== 'visible';
    entries.push({ name: attributes.name ?? '', id: prefixed(attributes, 'id') ?? '', hidden });
  });
  const sheets = entries.flatMap(({ name, id, hidden }) => {
    const relation = relations.get(id);
    return relation?.type === 'worksheet' ? [{ name, part: relation.part, hidden }] : [];
  });
  const partOf = (type: string) => [...relations.values()].find((relation) => relation.type === type)?.part ?? null;
  return { sheets, is1904, styles: await readStyles(parts, partOf('styles')), texts: partOf('sharedStrings') };
}

/** By its name, or the first that is not hidden. Throws `unknown_sheet` with the names that there are. */
export function findSheet({ sheets }: Workbook, name: string | null): Sheet {
  const sheet = name === null ? (sheets.find(({ hidden }) => !hidden) ?? sheets[0]) : named(sheets, name);
  if (sheet !== undefined) return sheet;
  if (sheets.length === 0) throw notCsv('The workbook has no sheet with cells');
  const shown = sheets.slice(0, SHOWN_SHEETS).map((one) => JSON.stringify(one.name));
  const others = sheets.length > SHOWN_SHEETS ? ` and ${sheets.length - SHOWN_SHEETS} others` : '';
  throw fileFailure(
    'unknown_sheet',
    `The workbook has no sheet ${JSON.stringify(name)}; it has ${shown.join(', ')}${others}: upload it with ?sheet= and one of them.`,
  );
}

const SHOWN_SHEETS = 20;

/** Spreadsheets do not tell names by case. */
const named = (sheets: readonly Sheet[], name: string): Sheet | undefined =>
  sheets.find((sheet) => sheet.name === name) ??
  sheets.find((sheet) => sheet.name.trim().toLowerCase() === name.trim().toLowerCase());

function refuseOthers(names: readonly string[]): void {
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (has(/(^|\/)vbaProject\.bin$/i) || has(/^xl\/(macrosheets|vbaProjectSignature)/i))
    throw notCsv('The file is an Excel workbook with macros (.xlsm)');
  if (has(/^xl\/workbook\.bin$/i)) throw notCsv('The file is a binary Excel workbook (.xlsb)');
  if (names.includes('mimetype') && names.includes('content.xml'))
    throw notCsv('The file is an OpenDocument file, such as a spreadsheet of LibreOffice (.ods)');
  if (!names.includes('[Content_Types].xml')) throw notCsv('The file is a ZIP archive, and no workbook');
}

interface Relation {
  /** The last part of its type: `worksheet`. */
  type: string;
  part: string;
}

async function workbookPart(parts: ZipParts): Promise<string> {
  const main = [...(await relationsOf(parts, '')).values()].find(({ type }) => type === 'officeDocument');
  if (main === undefined) throw corruptWorkbook('it does not say which part is the workbook');
  await refuseByType(parts, main.part);
  return main.part;
}

/** A Word document is made of such parts, too. */
async function refuseByType(parts: ZipParts, main: string): Promise<void> {
  let type = '';
  await readPart(parts, '[Content_Types].xml', (name, { PartName, ContentType = '' }) => {
    if (name === 'Override' && partName(PartName ?? '', '') === main) type = ContentType;
  });
  if (/macroEnabled/i.test(type)) throw notCsv('The file is an Excel workbook with macros (.xlsm)');
  if (type !== '' && !/spreadsheetml/i.test(type)) throw notCsv('The file is an Office document, and no workbook');
}

/** The parts that a part refers to, by the ids of the references; '' for the whole file. */
async function relationsOf(parts: ZipParts, part: string): Promise<Map<string, Relation>> {
  const slash = part.lastIndexOf('/') + 1;
  const folder = part.slice(0, slash);
  const relations = new Map<string, Relation>();
  await readPart(parts, `${folder}_rels/${part.slice(slash)}.rels`, (name, attributes) => {
    const { Id, Type, Target, TargetMode } = attributes;
    if (name !== 'Relationship' || Id === undefined || Target === undefined || TargetMode === 'External') return;
    relations.set(Id, { type: (Type ?? '').slice((Type ?? '').lastIndexOf('/') + 1), part: partName(Target, folder) });
  });
  return relations;
}

/** `/xl/a.xml`, `a.xml` and `../xl/a.xml` seen from a folder. */
function partName(target: string, folder: string): string {
  const path: string[] = [];
  for (const step of (target.startsWith('/') ? target : folder + target).split('/')) {
    if (step === '..') path.pop();
    else if (step !== '' && step !== '.') path.push(step);
  }
  return path.join('/');
}

async function readStyles(parts: ZipParts, part: string | null): Promise<Workbook['styles']> {
  if (part === null || !parts.names.includes(part)) return [];
  const codes = new Map<number, string>();
  const formats: number[] = [];
  let isCellStyle = false;
  await readPart(
    parts,
    part,
    (name, { numFmtId, formatCode }) => {
      if (name === 'numFmt' && codes.size < limits.maxCellStyles) codes.set(Number(numFmtId), formatCode ?? '');
      if (name === 'cellXfs') isCellStyle = true;
      if (name !== 'xf' || !isCellStyle) return;
      if (formats.length >= limits.maxCellStyles) throw corruptWorkbook('it has too many cell styles');
      formats.push(Number(numFmtId ?? 0));
    },
    (name) => {
      if (name === 'cellXfs') isCellStyle = false;
    },
  );
  const styles = new Map<number, DateStyle | null>();
  return formats.map((id) => {
    if (!styles.has(id)) styles.set(id, dateStyleOf(id, codes.get(id)));
    return styles.get(id)!;
  });
}

const nothing = () => {};

function readPart(
  parts: ZipParts,
  name: string,
  open: (name: string, attributes: Attributes) => void,
  close: XmlTaker['close'] = nothing,
): Promise<void> {
  return readXml(parts.read(name), name, { open, close, text: nothing });
}
