/** Zip files as no library would write them: parts that overlap, lie about their size, or have odd names. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipPart {
  name: string;
  bytes: Buffer | string;
  /** In place of the true ones. */
  declared?: { size?: number; crc?: number; offset?: number; flags?: number; compressed?: Buffer };
}

export function zipOf(parts: readonly ZipPart[]): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, declared = {} } of parts) {
    const content = Buffer.from(bytes as string);
    const packed = declared.compressed ?? deflateRawSync(content);
    const nameBytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800 | (declared.flags ?? 0), 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(declared.crc ?? crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(declared.size ?? content.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, nameBytes, packed]);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(declared.offset ?? offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, end, nameBytes]));
    pieces.push(local);
    offset += local.length;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  const last = Buffer.alloc(18);
  last.writeUInt16LE(parts.length, 4);
  last.writeUInt16LE(parts.length, 6);
  last.writeUInt32LE(size, 8);
  last.writeUInt32LE(offset, 12);
  return Buffer.concat([...pieces, ...directory, Buffer.from('PK\x05\x06', 'latin1'), last]);
}
