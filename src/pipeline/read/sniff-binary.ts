/** Recognises binary formats by their first bytes. */

/** The first bytes of a format, as one character per byte. */
const MAGIC: readonly (readonly [string, string])[] = [
  ['PK\x03\x04', 'a ZIP archive, and no Excel workbook (.xlsx)'],
  ['PK\x05\x06', 'an empty ZIP archive'],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an old Excel workbook (.xls), one with a password, or another Office document'],
  ['%PDF-', 'a PDF document'],
  ['\x89PNG\r\n\x1a\n', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF87a', 'a GIF image'],
  ['GIF89a', 'a GIF image'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard archive'],
  ['\xfd7zXZ\0', 'an xz archive'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive'],
  ['Rar!\x1a\x07', 'a RAR archive'],
  ['\x7fELF', 'a program'],
];
const BZIP2 = /^BZh[1-9]1AY&SY/;

/** The beginning of a ZIP archive: so many bytes, and then the name of its first file, whose length is in them. */
const ZIP_HEADER_BYTES = 30;
const ZIP_NAME_LENGTH_AT = 26;
/** The files and folders that a workbook consists of. */
const OF_WORKBOOK = /^(?:\[Content_Types\]\.xml$|(?:_rels|docProps|xl|customXml|customUI|docMetadata)(?:[/\\]|$))/;
/** An OpenDocument file says what it is in its first file. */
const OPEN_DOCUMENT = 'mimetypeapplication/vnd.oasis.opendocument.';

/** Enough to recognise every format. */
export const SNIFFED_BYTES = 128;

/** Whether it is an Excel workbook (.xlsx), or another document of Office, as only the end of the file tells. */
export function isWorkbook(firstBytes: Uint8Array): boolean {
  const bytes = Buffer.from(firstBytes.subarray(0, SNIFFED_BYTES));
  if (!isZip(bytes) || bytes.length < ZIP_HEADER_BYTES) return false;
  const name = bytes.subarray(ZIP_HEADER_BYTES, ZIP_HEADER_BYTES + bytes.readUInt16LE(ZIP_NAME_LENGTH_AT));
  return OF_WORKBOOK.test(name.toString('latin1'));
}

export const isZip = (firstBytes: Uint8Array): boolean =>
  Buffer.from(firstBytes.subarray(0, 4)).toString('latin1') === 'PK\x03\x04';

/** The name of a known binary format; null for others. Gzip is not recognised here, nor is a workbook that is read. */
export function sniffBinary(firstBytes: Uint8Array): string | null {
  const start = Buffer.from(firstBytes.subarray(0, SNIFFED_BYTES)).toString('latin1');
  if (BZIP2.test(start)) return 'a bzip2 archive';
  if (isZip(firstBytes) && start.startsWith(OPEN_DOCUMENT, ZIP_HEADER_BYTES))
    return 'an OpenDocument file, such as a spreadsheet of LibreOffice (.ods)';
  return MAGIC.find(([magic]) => start.startsWith(magic))?.[1] ?? null;
}
