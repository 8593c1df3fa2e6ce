/**
 * Builds chunks of orders and rejections from the rows of a file, in their order. A row takes the fast path, by its bytes, or the slow
 * path, as texts that are validated. On both paths the inventory service must know the SKU and the hub.
 */

import { assert } from '../assert.ts';
import { limits } from '../limits.ts';
import type { Header } from '../model/header.ts';
import type { Delimiter, Intake } from '../model/intake.ts';
import { createOrderDateParser } from '../model/order-date.ts';
import { AlikeRejections } from '../model/packed-rejections.ts';
import type { RawRow } from '../model/raw-row.ts';
import type { Rejection } from '../model/rejection.ts';
import { addWarnings, type Warning } from '../model/warnings.ts';
import type { OrderBatch } from '../order-batch/order-batch.ts';
import { OrderPacker } from '../order-batch/packer.ts';
import { PairIndex } from '../order-batch/pair-index.ts';
import { PlainRecord } from '../order-batch/plain-record.ts';
import type { ImsPair } from '../ports/ims.ts';
import { AskedPairs, askIms, type PairAnswer } from './ask-ims.ts';
import { LineChecker, rejectTogether } from './check-lines.ts';
import type { RowConsumer } from './read/read-chunks.ts';
import type { RowReader } from './read/reading.ts';
import { type Lines, RowLines } from './read/row-lines.ts';
import { createRowReader } from './read/row-reader.ts';
import { isSkipped, withoutSkipped } from './read/skipped-rows.ts';
import { type TextForm, textForm } from './read/transcode.ts';
import { type CheckedRow, createRowValidator, rejectUnknown, timeZoneOf, toRejection } from './validate.ts';

export interface ChunkBuilderOptions {
  timeZone: string;
  /** In milliseconds. */
  now(): number;
  ask(pairs: readonly ImsPair[]): Promise<PairAnswer[]>;
  /** Called before rows are checked. `fileOfFirstRow`: the first row's cell `_file`, which in a report names the file that it is about. */
  beforeCheck?(intake: Intake, fileOfFirstRow: string | null): Promise<void>;
  /** That of the checkpoint where reading begins: see `row-lines.ts`. */
  openOrder?: string | null;
}

/** The rows of a chunk: orders and rejections, both in file order. The receiver owns the orders. */
export interface BuiltChunk {
  orders: OrderBatch;
  rejections: Rejection[];
  warnings: Warning[];
  /** An order with too many rows that may go on behind the chunk. */
  openOrder: string | null;
  /** Rows that the format leaves out. */
  skipped: number;
}

export class ChunkBuilder implements RowConsumer {
  readonly #header: Header;
  readonly #delimiter: Delimiter;
  readonly #validate: (raw: RawRow) => CheckedRow;
  /** Where neighbouring rows may be the items of one order. */
  readonly lines: RowLines | null;
  /** Null where no row is skipped, and each is an order. */
  readonly #reader: RowReader | null;
  readonly #checker: LineChecker | null;
  readonly #packer: OrderPacker;
  /** Null where a value may differ from the bytes of the file, as in reports, and where rows are checked together. */
  readonly #record: PlainRecord | null;
  /** Kept across chunks, as rows keep naming the same pairs, but not for long, as the answers of the service change. */
  readonly #index = new PairIndex();
  #pairs = new AskedPairs();
  readonly #options: ChunkBuilderOptions;
  #fileOfFirstRow: string | null = null;
  #pairsSinceMs: number;
  #rejections: Rejection[] = [];
  #warnings: Warning[] = [];
  #skipped = 0;
  #alike = new AlikeRejections();
  /** Rows that did not take the fast path, until they are checked, and their slots. */
  #added: RawRow[] = [];
  #slots: number[] = [];
  /** Slots whose pairs the service was asked about. */
  #asked = 0;
  /** The bytes that rows are taken from, and what is added to their indices to get places in the packed text. */
  #bytes: Uint8Array | null = null;
  #shift = 0;

  constructor(header: Header, { delimiter, encoding }: Intake, options: ChunkBuilderOptions) {
    this.#header = header;
    this.#delimiter = delimiter;
    this.#options = options;
    this.#pairsSinceMs = options.now();
    this.#validate = createRowValidator(header, options);
    const joins = header.format?.lines === 'adjacent';
    this.#reader = joins || header.format?.only ? createRowReader(header) : null;
    this.lines = joins ? new RowLines(header, this.#reader!, options.openOrder ?? null) : null;
    this.#checker = joins ? new LineChecker(header, options) : null;
    this.#packer = new OrderPacker(header);
    const form = textForm(encoding);
    this.#record =
      !joins && (form === 'utf-8' || form === 'windows-1252')
        ? PlainRecord.of(header, delimiter, form === 'utf-8', createOrderDateParser(timeZoneOf(header, options)))
        : null;
  }

  set form(form: TextForm) {
    if (this.#record !== null) this.#record.utf8 = form === 'utf-8';
  }

  take(bytes: Uint8Array, from: number, to: number, row: number): number {
    if (this.#record === null) return -1;
    const end = this.#record.read(bytes, from, to);
    if (end === -1) return -1;
    if (this.#record.skipped) {
      this.#skipped++;
      return end;
    }
    if (bytes !== this.#bytes) {
      this.#shift = this.#packer.addText(bytes.subarray(from)) - from;
      this.#bytes = bytes;
    }
    this.#packer.addPlain(row, this.#record, this.#pairOf(bytes, this.#record), this.#shift);
    return end;
  }

  add(row: RawRow): void {
    this.#fileOfFirstRow ??= row.cells[this.#header.fileColumn]?.trim() ?? '';
    if (this.lines !== null) {
      this.lines.add(row);
      return;
    }
    if (this.#reader !== null && isSkipped(this.#reader, row, this.#header)) {
      this.#skipped++;
      return;
    }
    this.#added.push(row);
    this.#slots.push(this.#packer.reserve());
  }

  async check(intake: Intake): Promise<void> {
    const { beforeCheck, ask } = this.#options;
    await beforeCheck?.(intake, this.#fileOfFirstRow || null);
    if (this.lines !== null) await this.#checkLines(this.lines.takeComplete());
    const checked = this.#added.map(this.#validate);
    await askIms(checked, this.#pairs, ask);
    for (const [i, row] of checked.entries()) this.#settle(row, this.#slots[i]!);
    this.#added = [];
    this.#slots = [];
    this.#rejectUnknownPairs();
  }

  async #checkLines(complete: Lines[]): Promise<void> {
    const orders = complete.map((lines) => this.#checker!.check(this.#keptOf(lines)));
    await askIms(orders.flat(), this.#pairs, this.#options.ask);
    for (const rows of orders) {
      rejectTogether(rows);
      for (const [n, row] of rows.entries()) {
        const slot = this.#packer.reserve();
        this.#settle(row, slot);
        if (n > 0 && row.order) this.#packer.join(slot);
      }
    }
  }

  #keptOf(lines: Lines): Lines {
    if (this.#header.format!.only === null) return lines;
    const kept = withoutSkipped(this.#reader!, lines, this.#header);
    this.#skipped += lines.rows.length - kept.rows.length;
    return kept;
  }

  /** Stores a row of the slow path, after the inventory service has answered. */
  #settle(checked: CheckedRow, slot: number): void {
    const { raw, order, made, pair, warnings } = checked;
    if (warnings.length > 0)
      this.#warnings = addWarnings(
        this.#warnings,
        warnings.map((code) => ({ code, count: 1, row: raw.row })),
      );
    if (order) this.#packer.put(slot, order, raw.cells, pair!, made);
    else this.#rejections.push(this.#alike.of(toRejection(checked, this.#header, this.#delimiter)));
  }

  /** Rows of the fast path were packed before the service was asked about them. */
  #rejectUnknownPairs(): void {
    const { answers } = this.#pairs;
    for (; this.#asked < this.#packer.slots; this.#asked++) {
      const pair = this.#packer.pairOf(this.#asked);
      if (pair === -1) continue;
      const answer = answers[pair]!;
      if (!(answer.skuValid && answer.hubValid)) this.#reject(this.#asked, answer);
    }
  }

  /** The rows that were taken and checked since the last call. */
  takeChunk(): BuiltChunk {
    assert(this.#added.length === 0 && this.#asked === this.#packer.slots, 'every row of a chunk is checked');
    const orders = this.#packer.take(this.#pairs);
    const rejections = this.#rejections.sort((a, b) => a.row - b.row);
    const warnings = this.#warnings;
    const skipped = this.#skipped;
    this.#rejections = [];
    this.#warnings = [];
    this.#skipped = 0;
    this.#alike = new AlikeRejections();
    this.#asked = 0;
    this.#bytes = null;
    this.#forgetPairs();
    return { orders, rejections, warnings, openOrder: this.lines?.openOrder ?? null, skipped };
  }

  /** Only when there are many, or the first answers are old. */
  #forgetPairs(): void {
    const { count, chars } = this.#pairs;
    const now = this.#options.now();
    const keep =
      count <= limits.pairsKept && chars <= limits.pairsKeptChars && now - this.#pairsSinceMs <= limits.pairsKeptMs;
    if (keep) return;
    this.#pairs = new AskedPairs();
    this.#index.clear();
    this.#pairsSinceMs = now;
  }

  #pairOf(bytes: Uint8Array, { starts, ends, format }: PlainRecord): number {
    const { sku, hub_id } = this.#header.orderColumns;
    const hub = format?.constant('hub_id');
    const [skuStart, skuEnd] = [starts[sku]!, ends[sku]!];
    const [hubStart, hubEnd] = hub === undefined ? [starts[hub_id]!, ends[hub_id]!] : [skuEnd, skuEnd];
    let pair = this.#index.get(bytes, skuStart, skuEnd, hubStart, hubEnd);
    if (pair === -1) {
      pair = this.#pairs.numberOf(textOf(bytes, skuStart, skuEnd), hub ?? textOf(bytes, hubStart, hubEnd));
      this.#index.add(bytes, skuStart, skuEnd, hubStart, hubEnd, pair);
    }
    return pair;
  }

  /** A row of the fast path whose SKU or hub the service does not know, or whose file is limited to other hubs. */
  #reject(slot: number, answer: PairAnswer): void {
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
