/**
 * Files that are meant to exhaust a service: bombs, records and lines without end, only invalid rows. Each ends with a clear outcome, in
 * bounded memory (INV-6), and leaves nothing half-done behind (INV-5). They are generated while they are sent.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  countReportLines,
  expectSound,
  peakMemoryMiB,
  rejectionsOf,
  repeat,
  stockUp,
  uploadStream,
} from '../support/bad-input.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  ORDER_HEADER,
  orderLine,
  type Service,
  startService,
} from '../support/service.ts';

const MiB = 1024 * 1024;
const MAX_MEMORY_MIB = 600;

let service: Service;

beforeAll(async () => {
  service = await startService();
  await stockUp(service);
});
afterEach(async () => {
  await expectSound(service);
  expect(peakMemoryMiB(service)).toBeLessThan(MAX_MEMORY_MIB);
});
afterAll(() => console.info(`the service had at most ${Math.round(peakMemoryMiB(service))} MiB`));

/** Uploads the blocks as one file, which must be accepted, and waits for its end. */
async function ingestStream(blocks: Iterable<string | Uint8Array>): Promise<FileJson> {
  const response = await uploadStream(service, blocks);
  expect(response.status).toBe(202);
  return ended(service, ((await response.json()) as { file_id: string }).file_id);
}

// Gzip files may be concatenated, so one packed block, repeated, is a bomb of any size.
const packedHeader = gzipSync(`${ORDER_HEADER}\n`);
const row = orderLine('F-bomb', { shipping_address: 'x'.repeat(480), product_name: 'y'.repeat(480) });
const bombs: [string, Uint8Array[], string][] = [
  ['zeros', [...repeat(gzipSync(Buffer.alloc(16 * MiB)), 64)], 'not_csv'],
  ['a header and zeros', [packedHeader, ...repeat(gzipSync(Buffer.alloc(16 * MiB)), 64)], 'record_too_large'],
  ['blank lines', [packedHeader, ...repeat(gzipSync(Buffer.alloc(16 * MiB, '\n')), 64)], 'too_large'],
  ['valid rows', [packedHeader, ...repeat(gzipSync(`${row}\n`.repeat(16_000)), 64)], 'too_large'],
];
test.each(bombs)('a gzip file that is a bomb of %s fails', async (_, members, code) => {
  const file = await ingestStream(members);
  expect(file).toMatchObject({ status: 'failed', failure: { code } });
  expect(file.size_bytes).toBeLessThan(8 * MiB);
});

describe('a record without end', () => {
  const block = Buffer.alloc(MiB, 'x');

  test('opened by a quote on line 3 of a million fails as unclosed_quote with that row', async () => {
    function* lines() {
      yield csv(orderLine('F-before'), orderLine('F-open', { product_name: '"Analytical Engine' }));
      for (let i = 0; i < 1_000; i++)
        yield Array.from({ length: 1_000 }, (_, n) => `${orderLine(`F-q-${i}-${n}`)}\n`).join('');
    }
    const file = await ingestStream(lines());
    expect(file).toMatchObject({
      status: 'failed',
      failure: { code: 'unclosed_quote', message: expect.stringContaining('Row 3 opens a quote'), row: 3 },
    });
  });

  test('of one field of 100 MB fails as record_too_large, and as unclosed_quote when it is quoted', async () => {
    const start = orderLine('F-long', { shipping_address: '' });
    const plain = await ingestStream([csv().trimEnd(), '\n', start, ...repeat(block, 100), '\n']);
    expect(plain).toMatchObject({ status: 'failed', failure: { code: 'record_too_large', row: 2 } });
    const quoted = await ingestStream([csv(), start, '"', ...repeat(block, 100), '"\n']);
    expect(quoted).toMatchObject({ status: 'failed', failure: { code: 'unclosed_quote', row: 2 } });
  });

  test('in the first line of a file fails as record_too_large', async () => {
    expect(await ingestStream(repeat(block, 8))).toMatchObject({
      status: 'failed',
      failure: { code: 'record_too_large', row: 1 },
    });
  });
});

describe('a file of blank lines without end', () => {
  test('does not keep the service from stopping', async () => {
    const other = await startService();
    const response = await uploadStream(other, [csv(), ...repeat(Buffer.alloc(MiB, '\n'), 250)]);
    expect(response.status).toBe(202);
    const { file_id } = (await response.json()) as FileJson;
    await expect.poll(() => getJson(other, `/files/${file_id}`)).toMatchObject({ status: 'processing' });
    expect(await other.stop()).toBe(0);
  });
});

describe('a file of 50,000 invalid rows', () => {
  test('is completed with every row in its report', async () => {
    function* lines() {
      yield `${ORDER_HEADER}\n`;
      for (let i = 0; i < 50; i++)
        yield Array.from({ length: 1_000 }, (_, n) => `${orderLine(`F-bad-${i}-${n}`, { quantity: '0' })}\n`).join('');
    }
    const file = await ingestStream(lines());
    expect(file).toMatchObject({
      status: 'completed',
      progress: { rows: 50_000, accepted: 0, invalid: 50_000, percent: 100 },
      invalid_by_code: { invalid_quantity: 50_000 },
    });
    expect(await countReportLines(service, file)).toBe(50_001);
    expect((await rejectionsOf(service, file))[0]).toMatchObject({ row: 2, codes: ['invalid_quantity'] });
  });
});
