/**
 * Makes the rows of a chunk into orders and rejections, in the order of the file. A row is taken by its bytes as it is read, or else
 * read as texts and validated; all of them go by what the inventory service says of their SKU and hub.
 */

import { limits } from '../limits.ts';
import type { Delimiter, Header, Intake } from '../model/intake.ts';
import { createOrderDateParser } from '../model/order-date.ts';
import { AlikeRejections } from '../model/packed-rejections.ts';
import type { RawRow } from '../model/raw-row.ts';
import type { Rejection } from '../model/rejection.ts';
import { addWarnings, type Warning } from '../model/warnings.ts';
import type { OrderBatch } from '../order-batch/order-batch.ts';
import { OrderPacker } from '../order-batch/packer.ts';
import { PairIndex } from '../order-batch/pair-index.ts';
import { PlainRecord } from '../order-batch/plain-record.ts';
import type { ImsAnswer, ImsPair } from '../ports/ims.ts';
import { AskedPairs, askIms } from './ask-ims.ts';
import { type TextForm, textForm } from './read/transcode.ts';
import type { RecordTaker } from './read.ts';
import { type CheckedRow, createRowValidator, rejectUnknown, toRejection } from './validate.ts';

export class ChunkBuilder implements RecordTaker {
  readonly #header: Header;
  readonly #delimiter: Delimiter;
  readonly #validate: (raw: RawRow) => CheckedRow;
  readonly #packer: OrderPacker;
  /** Null where a value is not what stands in the file: in reports, and where columns are left out. */
  readonly #record: PlainRecord | null;
  /** Kept over chunks, as rows go on to name the same pairs, but not for long: the service may change its mind. */
  readonly #index = new PairIndex();
  #pairs = new AskedPairs();
  readonly #now: () => number;
  #pairsSinceMs: number;
  #rejections: Rejection[] = [];
  #warnings: Warning[] = [];
  #alike = new AlikeRejections();
  /** Slots of the rows that were left, until they come. */
  #left: number[] = [];
  /** Slots whose pairs the service was asked about. */
  #asked = 0;
  /** The bytes that rows are taken from, and what makes their indices places of the packed text. */
  #bytes: Uint8Array | null = null;
  #shift = 0;

  /** `now` in milliseconds. */
  constructor(header: Header, { delimiter, encoding }: Intake, timeZone: string, now: () => number) {
    this.#header = header;
    this.#delimiter = delimiter;
    this.#now = now;
    this.#pairsSinceMs = now();
    this.#validate = createRowValidator(header, { timeZone });
    this.#packer = new OrderPacker(header);
    const asIs = !header.report && header.dataColumns.length === header.columns.length;
    const form = textForm(encoding);
    this.#record =
      asIs && (form === 'utf-8' || form === 'windows-1252')
        ? new PlainRecord(header, delimiter, form === 'utf-8', createOrderDateParser(timeZone))
        : null;
  }

  set form(form: TextForm) {
    if (this.#record !== null) this.#record.utf8 = form === 'utf-8';
  }

  take(bytes: Uint8Array, from: number, to: number, row: number): number {
    if (this.#record === null) return -1;
    const end = this.#record.read(bytes, from, to);
    if (end === -1) return -1;
    if (bytes !== this.#bytes) {
      this.#shift = this.#packer.addText(bytes.subarray(from)) - from;
      this.#bytes = bytes;
    }
    this.#packer.addPlain(row, this.#record, this.#pairOf(bytes, this.#record), this.#shift);
    return end;
  }

  leave(): void {
    this.#left.push(this.#packer.reserve());
  }

  /** What was taken since the last time, and the rows that were left meanwhile. */
  async check(rows: RawRow[], ask: (pairs: readonly ImsPair[]) => Promise<ImsAnswer[]>): Promise<void> {
    const checked = rows.map(this.#validate);
    await askIms(checked, this.#pairs, ask);
    for (const [i, row] of checked.entries()) {
      if (row.warnings.length > 0)
        this.#warnings = addWarnings(
          this.#warnings,
          row.warnings.map((code) => ({ code, count: 1, row: row.raw.row })),
        );
      if (row.order) this.#packer.put(this.#left[i]!, row.order, row.raw.cells, row.pair!);
      else this.#rejections.push(this.#alike.of(toRejection(row, this.#header, this.#delimiter)));
    }
    this.#left = [];
    const { answers } = this.#pairs;
    for (; this.#asked < this.#packer.slots; this.#asked++) {
      const pair = this.#packer.pairOf(this.#asked);
      if (pair === -1) continue;
      const answer = answers[pair]!;
      if (!(answer.skuValid && answer.hubValid)) this.#reject(this.#asked, answer);
    }
  }

  /** What has come since the last time. The caller owns the orders. */
  takeChunk(): { orders: OrderBatch; rejections: Rejection[]; warnings: Warning[] } {
    const orders = this.#packer.take(this.#pairs);
    const rejections = this.#rejections.sort((a, b) => a.row - b.row);
    const warnings = this.#warnings;
    this.#rejections = [];
    this.#warnings = [];
    this.#alike = new AlikeRejections();
    this.#asked = 0;
    this.#bytes = null;
    this.#forgetPairs();
    return { orders, rejections, warnings };
  }

  /** When there are many, or the first answers are of a while ago. */
  #forgetPairs(): void {
    const { count, chars } = this.#pairs;
    const now = this.#now();
    const keep =
      count <= limits.pairsKept && chars <= limits.pairsKeptChars && now - this.#pairsSinceMs <= limits.pairsKeptMs;
    if (keep) return;
    this.#pairs = new AskedPairs();
    this.#index.clear();
    this.#pairsSinceMs = now;
  }

  #pairOf(bytes: Uint8Array, { starts, ends }: PlainRecord): number {
    const { sku, hub_id } = this.#header.orderColumns;
    const [skuStart, skuEnd, hubStart, hubEnd] = [starts[sku]!, ends[sku]!, starts[hub_id]!, ends[hub_id]!];
    let pair = this.#index.get(bytes, skuStart, skuEnd, hubStart, hubEnd);
    if (pair === -1) {
      pair = this.#pairs.numberOf(textOf(bytes, skuStart, skuEnd), textOf(bytes, hubStart, hubEnd));
      this.#index.add(bytes, skuStart, skuEnd, hubStart, hubEnd, pair);
    }
    return pair;
  }

  /** A row that was taken, and that the service does not know what it names. */
  #reject(slot: number, answer: ImsAnswer): void {
    const row = this.#packer.row(slot);
    const cells = this.#packer.values(slot);
    const checked = this.#validate({ row, cells, end: 0, malformedQuote: false, undecodable: null });
    rejectUnknown(checked, answer);
    this.#rejections.push(toRejection(checked, this.#header, this.#delimiter));
    this.#packer.drop(slot);
  }
}

const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', start, end);
