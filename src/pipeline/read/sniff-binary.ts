/** Recognises binary formats by their first bytes. */

/** The first bytes of a format, as one character per byte. */
const MAGIC: readonly (readonly [string, string])[] = [
  ['PK\x03\x04', 'an Excel workbook (.xlsx) or another ZIP archive'],
  ['PK\x05\x06', 'an empty ZIP archive'],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'an old Excel workbook (.xls) or another Office document'],
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

/** The name of a known binary format; null for others. Gzip is not recognised here. */
export function sniffBinary(firstBytes: Uint8Array): string | null {
  const start = Buffer.from(firstBytes.subarray(0, 16)).toString('latin1');
  if (BZIP2.test(start)) return 'a bzip2 archive';
  return MAGIC.find(([magic]) => start.startsWith(magic))?.[1] ?? null;
}
