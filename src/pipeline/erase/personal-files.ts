/** The files that hold a person: in rows that were rejected, or anywhere in the bytes that were uploaded. */
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type FileRecord, UPLOADS } from '../../model/file.ts';
import { isFileFailure } from '../../model/file-failure.ts';
import type { Rejection } from '../../model/rejection.ts';
import { MAX_EMAIL_CHARS } from '../../model/row-schema.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { pagesOf } from '../../ports/page.ts';
import { openStored } from '../read/stored-bytes.ts';

export interface FilePorts {
  objects: ObjectStore;
  store: Pick<OrderStore, 'files' | 'rejections'>;
}

/** Matches of an e-mail, whatever the case. */
export interface Mention {
  /** Not within another one that ends or begins with it. Letters of other scripts are none of its characters. */
  alone: RegExp;
  anywhere: RegExp;
}

export function mentionOf(email: string): Mention {
  const literal = email.replace(/[^a-z0-9]/g, '\\$&');
  return {
    alone: new RegExp(`(?<![a-z0-9._%+-])${literal}(?![a-z0-9_-]|\\.[a-z0-9])`, 'i'),
    anywhere: new RegExp(literal, 'i'),
  };
}

/** Their bytes below 128 are ASCII. In others, such as UTF-16 and Shift_JIS, one may be a part of the letter beside the e-mail. */
const ASCII_APART = /^(?:utf-8|windows-|iso-8859-|koi8-|macintosh|x-mac-|ibm866|euc-)/;

const isAsciiApart = (intake: FileRecord['intake']): boolean => intake !== null && ASCII_APART.test(intake.encoding);

/** What was marked as deleted is looked for, too: whoever marked it may have died before deleting it. */
export const holdsPerson = async (
  { objects, store }: FilePorts,
  file: FileRecord,
  mention: Mention,
  signal: AbortSignal,
): Promise<boolean> =>
  (file.objectKey.startsWith(UPLOADS) &&
    (await isInUpload(objects, file, isAsciiApart(file.intake) ? mention.alone : mention.anywhere, signal))) ||
  (file.invalid > 0 && (await isInRejections(store, file, mention.alone, signal)));

/** More characters than an e-mail has with those beside it. */
const OVERLAP = 2 * MAX_EMAIL_CHARS;

/** Whatever encoding it has: an e-mail is ASCII, which all have, UTF-16 with a zero beside each byte. */
async function isInUpload(
  objects: ObjectStore,
  file: FileRecord,
  mention: RegExp,
  signal: AbortSignal,
): Promise<boolean> {
  const source = { sizeBytes: file.sizeBytes, open: (offset: number) => objects.open(file.objectKey, { offset }) };
  const bounds = { maxInflatedBytes: Number.POSITIVE_INFINITY, ...limits };
  try {
    const { bytes, close } = await openStored(source, 0, null, bounds, signal);
    try {
      let end = '';
      for await (const block of bytes.blocks(limits.readBlockBytes)) {
        const text = end + block.toString('latin1').replaceAll('\0', '');
        const found = mention.exec(text);
        // At the end it may be the beginning of another one.
        if (found && found.index + found[0].length + 2 <= text.length) return true;
        end = text.slice(-OVERLAP);
        await sliceTurn();
      }
      return mention.test(end);
    } finally {
      await close();
    }
  } catch (error) {
    // What is gone, or cannot be unpacked, holds nothing that could be read.
    if (!isFileFailure(error) && !isOmsError(error, 'object_missing')) throw error;
    return false;
  }
}

async function isInRejections(
  { rejections }: Pick<OrderStore, 'rejections'>,
  { fileId }: FileRecord,
  mention: RegExp,
  signal: AbortSignal,
): Promise<boolean> {
  const mentions = ({ reasons, values, record }: Rejection) =>
    [...values, record ?? '', ...reasons.map(({ reason }) => reason)].some((text) => mention.test(text));
  for await (const items of pagesOf((page) => rejections.list(fileId, {}, page), limits.reportPageRows)) {
    signal.throwIfAborted();
    if (items.some(mentions)) return true;
    await sliceTurn();
  }
  return false;
}
