/**
 * Bytes to text with the same number of bytes for each character, so that an index in the text is an offset in the file. UTF-16 becomes
 * text of its code units. The other encodings give one character per byte: ASCII is final, `decodeCells` decodes the rest.
 */
import { isUtf8 } from 'node:buffer';
import type { TextForm } from './transcode.ts';

/** Stands for an odd last byte of a UTF-16 file: a lone surrogate, which counts as undecodable. */
const LONE_SURROGATE = '\ud800';
/** Stands for bytes that cannot be decoded. */
export const REPLACEMENT = '\ufffd';
const NON_ASCII = /[^\0-\x7f]/;

export const unitBytesOf = (form: TextForm): 1 | 2 => (form.startsWith('utf-16') ? 2 : 1);

export class UnitDecoder {
  readonly #form: TextForm;
  #odd: Buffer = Buffer.alloc(0);

  constructor(form: TextForm) {
    this.#form = form;
  }

  decode(block: Buffer): string {
    if (unitBytesOf(this.#form) === 1) return block.toString('latin1');
    const bytes = this.#odd.length > 0 ? Buffer.concat([this.#odd, block]) : block;
    const even = bytes.length - (bytes.length % 2);
    this.#odd = bytes.subarray(even);
    const units = bytes.subarray(0, even);
    return (this.#form === 'utf-16be' ? Buffer.from(units).swap16() : units).toString('utf16le');
  }

  end(): string {
    return this.#odd.length > 0 ? LONE_SURROGATE : '';
  }
}

const windows1252 = new TextDecoder('windows-1252');

/** Decodes the cells of a record in place; returns the indices of those that cannot be decoded, or null. */
export function decodeCells(cells: string[], form: TextForm): number[] | null {
  let undecodable: number[] | null = null;
  for (let index = 0; index < cells.length; index++) {
    const cell = cells[index]!;
    if (!NON_ASCII.test(cell)) continue;
    if (form === 'windows-1252') {
      cells[index] = windows1252.decode(Buffer.from(cell, 'latin1'));
      continue;
    }
    let valid: boolean;
    if (form === 'utf-8') {
      const bytes = Buffer.from(cell, 'latin1');
      const decoded = bytes.toString('utf8');
      valid = !decoded.includes(REPLACEMENT) || isUtf8(bytes);
      cells[index] = decoded;
    } else {
      valid = cell.isWellFormed();
      cells[index] = cell.toWellFormed();
    }
    if (valid) continue;
    undecodable ??= [];
    undecodable.push(index);
  }
  return undecodable;
}
