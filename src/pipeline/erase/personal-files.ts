/** The files that hold a person: in rows that were rejected, or anywhere in the bytes that were uploaded. */
import { isOmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { type FileRecord, UPLOADS } from '../../model/file.ts';
import { isFileFailure } from '../../model/file-failure.ts';
import type { Rejection } from '../../model/rejection.ts';
import { sliceTurn } from '../../ports/event-loop.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { pagesOf } from '../../ports/page.ts';
import type { ByteSource } from '../read/byte-source.ts';
import { holdsText, type Mention } from './find-in-bytes.ts';

export interface FilePorts {
  objects: ObjectStore;
  store: Pick<OrderStore, 'files' | 'rejections'>;
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
    (await isInUpload(
      objects,
      file,
      isAsciiApart(file.intake) ? mention : { ...mention, alone: mention.anywhere },
      signal,
    ))) ||
  (file.invalid > 0 && (await isInRejections(store, file, mention.alone, signal)));

async function isInUpload(
  objects: ObjectStore,
  file: FileRecord,
  mention: Mention,
  signal: AbortSignal,
): Promise<boolean> {
  const source: ByteSource = {
    sizeBytes: file.sizeBytes,
    open: (offset, length) => objects.open(file.objectKey, { offset, length }),
  };
  try {
    return await holdsText(source, mention, signal);
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
