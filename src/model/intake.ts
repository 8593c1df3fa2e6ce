/** How a file of orders is read: decided once from its bytes, and kept with the file. */

/** The encodings of Node's `TextDecoder`, by their names in the WHATWG Encoding Standard. */
export const ENCODINGS = [
  ...['utf-8', 'utf-16le', 'utf-16be', 'windows-1250', 'windows-1251', 'windows-1252', 'windows-1253', 'windows-1254'],
  ...['windows-1255', 'windows-1256', 'windows-1257', 'windows-1258', 'windows-874', 'iso-8859-2', 'iso-8859-3'],
  ...['iso-8859-4', 'iso-8859-5', 'iso-8859-6', 'iso-8859-7', 'iso-8859-8', 'iso-8859-8-i', 'iso-8859-10'],
  ...['iso-8859-13', 'iso-8859-14', 'iso-8859-15', 'iso-8859-16', 'koi8-r', 'koi8-u', 'macintosh', 'x-mac-cyrillic'],
  ...['ibm866', 'shift_jis', 'euc-jp', 'iso-2022-jp', 'gbk', 'gb18030', 'big5', 'euc-kr'],
] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** The encoding that a label of that standard stands for, or null. */
export function encodingOf(label: string): Encoding | null {
  try {
    const name = new TextDecoder(label).encoding;
    return ENCODINGS.find((known) => known === name) ?? null;
  } catch {
    return null;
  }
}

/** In the order of preference when a header fits several. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

export interface Intake {
  encoding: Encoding;
  delimiter: Delimiter;
  gzip: boolean;
  bom: boolean;
  /** The sheet that is read, of a workbook: as CSV, see `read/xlsx`. */
  sheet?: string;
  /** All bytes read so far are ASCII: the first others decide the encoding. */
  encodingOpen?: true;
}

export interface Position {
  /** Bytes after gunzip, and after the conversion to UTF-8 where there is one (`transcode.ts`), or of a sheet to CSV (`xlsx`). */
  offset: number;
  /** Spreadsheet row of the last record before the offset: the first record is row 1, blank records count. */
  row: number;
}
