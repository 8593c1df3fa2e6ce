/** Requests to erase a person, on each order store with the objects of a directory. */
import { gzipSync } from 'node:zlib';
import pino from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { type KeptPart, reportKey, reportName } from '../../../src/model/file.ts';
import type { Encoding } from '../../../src/model/intake.ts';
import { DEFAULT_WORKFLOW } from '../../../src/model/workflow.ts';
import {
  type ErasureRequest,
  erasureId,
  findErasure,
  pendingErasures,
  requestErasure,
} from '../../../src/pipeline/erase/requests.ts';
import { erase } from '../../../src/pipeline/erase.ts';
import { erasedSoFar, eraseOldPeople } from '../../../src/pipeline/keep-orders.ts';
import { writeReport } from '../../../src/pipeline/report.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import type { OrderStore } from '../../../src/ports/order-store.ts';
import { objectStores } from '../../support/adapters.ts';
import { applyOne, item, newOrder, toCreate, toMove } from '../../support/changes.ts';
import { COMPLETED, chunkOf, FAILED, newClaim, newFile, orderRow, rejection } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

const logger = pino({ level: 'silent' });
const gone = expect.objectContaining({ code: 'object_missing' });
const CHANGES = /^(put|markDeleted|delete|erase)$/;
const isOfFiles = (data: unknown) => (data as ErasureRequest).part === 'files';
const OTHERS = 'order_id,customer_email\nO-1,bob@example.com\n';

onEachOrderStore(({ opened, unique, newSku, rejectionsOf, violations }) => {
  let objects: ObjectStore;
  let ada: string;
  let sku: string;
  const store = () => opened.first;
  beforeEach(async () => {
    objects = (await objectStores[0]!.open()).first;
    ada = `${unique('ada').toLowerCase()}@example.com`;
    sku = await newSku(100);
  });

  /** Goes on with the request as far as it goes, with calls that fail at some point. */
  async function work(of: OrderStore = store(), using: ObjectStore = objects): Promise<void> {
    const ports = {
      objects: using,
      store: of,
      clock: systemClock,
      views: null,
      stopping: new AbortController().signal,
    };
    await erase(ports, (await findErasure(store(), erasureId(ada)))!, logger);
  }
  const request = () => requestErasure({ store: store(), clock: systemClock }, ada);
  const state = async () => (await findErasure(store(), erasureId(ada)))!.data;

  async function put(key: string, bytes: string | Buffer): Promise<void> {
    const staged = await objects.stage(key);
    await staged.write(Buffer.from(bytes as string));
    await staged.commit();
  }

  interface Of {
    upload?: string | Buffer;
    rows?: ReturnType<typeof orderRow>[];
    rejected?: ReturnType<typeof rejection>[];
    end?: typeof COMPLETED | typeof FAILED;
    encoding?: Encoding;
  }
  async function openFile({ upload = OTHERS, rows = [], rejected = [], end = COMPLETED, encoding = 'utf-8' }: Of) {
    const file = newFile({ sizeBytes: Buffer.byteLength(upload as string) });
    await put(file.objectKey, upload);
    const claim = await newClaim(store(), file);
    await store().files.recordIntake(claim, {
      intake: { encoding, delimiter: ',', gzip: false, bom: false },
      ...{ columns: ['order_id'], parentFileId: null, format: null },
    });
    await store().chunks.commit(claim, chunkOf(0, rows, rejected));
    return {
      fileId: file.fileId,
      async end() {
        const report =
          rejected.length === 0
            ? null
            : await writeReport({ store: store(), objects, clock: systemClock } as never, file.fileId, () => {});
        await store().files.finish(claim, { ...end, report });
      },
    };
  }
  async function endedFile(of: Of): Promise<string> {
    const { fileId, end } = await openFile(of);
    await end();
    return fileId;
  }
  const row = (n: number, customerEmail = 'bob@example.com') => orderRow(n, unique('O'), { sku, customerEmail });
  const mentioning = (n: number, text: string) => ({ ...rejection(n), values: rejection(n).values.with(2, text) });

  async function left(fileId: string): Promise<KeptPart[]> {
    const { uploadDeletedAtMs, reportDeletedAtMs, invalid, objectKey } = (await store().files.get(fileId))!;
    if (uploadDeletedAtMs !== null) await expect(objects.stat(objectKey)).rejects.toEqual(gone);
    if (reportDeletedAtMs !== null) {
      const key = reportKey({ name: reportName(fileId), rows: invalid });
      await expect(objects.stat(key)).rejects.toEqual(gone);
      expect(await rejectionsOf(fileId)).toEqual([]);
    }
    return [
      ...(uploadDeletedAtMs === null ? ['upload' as const] : []),
      ...(reportDeletedAtMs === null ? ['report' as const] : []),
    ];
  }

  test('erase orders, and delete uploads and reports that hold the person, wherever and however', async () => {
    const upper = ada.toUpperCase();
    const utf16 = Buffer.from(`order_id\tcustomer_email\r\nŠ\t${upper}\r\n`, 'utf16le');
    const held = [
      await endedFile({ rows: [row(2, upper), row(3)], rejected: [rejection(4)] }),
      await endedFile({ rejected: [rejection(2), mentioning(3, `<${upper}>, "x"`)] }),
      await endedFile({ rejected: [{ ...rejection(2), record: `a;b;${ada};c` }] }),
      await endedFile({ end: FAILED, upload: `order_id\n${'x'.repeat(limits.readBlockBytes - 15)},${ada}\n` }),
      await endedFile({ end: FAILED, upload: gzipSync(`order_id\nA,${ada}`) }),
      await endedFile({ end: FAILED, upload: utf16 }),
      await endedFile({ end: FAILED, upload: Buffer.from(`A,邮件${ada}`, 'utf16le'), encoding: 'utf-16le' }),
    ];
    const others = [
      await endedFile({ rows: [row(2, `x${ada}`), row(3, `${ada}.au`)], rejected: [mentioning(4, `b.${ada}`)] }),
      await endedFile({ end: FAILED, upload: `order_id\nA,${ada}x\nB,x-${ada},${ada}.au` }),
      await endedFile({ end: FAILED, upload: gzipSync(`A,${ada}`).subarray(0, 20) }),
    ];
    await applyOne(store(), toCreate(unique('P'), newOrder([item(sku)], { customerEmail: ada })));
    await request();
    await work();
    expect(await state()).toMatchObject({ doneMs: expect.any(Number), email: null, orders: 2, files: held.length });
    for (const fileId of held) expect(await left(fileId)).not.toContain('upload');
    for (const fileId of held.slice(0, 3)) expect(await left(fileId)).toEqual([]);
    for (const fileId of others) expect(await left(fileId)).toEqual(['upload', 'report']);
    expect((await pendingErasures(store())).map(({ id }) => id)).not.toContain(erasureId(ada));
    expect(await violations()).toEqual([]);
    await request();
    await work();
    expect(await state()).toMatchObject({ doneMs: expect.any(Number), orders: 2, files: held.length });
  });

  test('wait for files that were open, and erase what they have brought since, but nothing that came later', async () => {
    // Its order alone tells that it has rows of the person.
    const open = await openFile({ rows: [row(2, ada)], rejected: [rejection(3)] });
    const claim = await newClaim(store(), newFile());
    await request();
    await work();
    const [first] = (await store().orders.list({ fileId: open.fileId }, { limit: 1, after: null })).items;
    expect(first).toMatchObject({ customerEmail: '' });
    expect(await state()).toMatchObject({ doneMs: null, part: 'open-files', openFiles: [open.fileId], orders: 1 });
    expect(await left(open.fileId)).toEqual(['upload', 'report']);
    await open.end();
    await work();
    expect(await left(open.fileId)).toEqual([]);
    expect(await state()).toMatchObject({ doneMs: null, openFiles: [], files: 1 });
    const later = await endedFile({ upload: ada, rejected: [mentioning(2, ada)] });
    await store().chunks.commit(claim, chunkOf(0, [row(2, ada)]));
    await store().files.finish(claim, COMPLETED);
    await work();
    expect(await state()).toMatchObject({ doneMs: expect.any(Number), email: null, orders: 2, files: 2 });
    expect(await left(claim.fileId)).toEqual(['report']);
    expect(await left(later)).toEqual(['upload', 'report']);
    const again = await applyOne(store(), toCreate(unique('P'), newOrder([item(sku)], { customerEmail: ada })));
    expect(again).toMatchObject({ outcome: 'created', order: { customerEmail: ada } });
    await request();
    await work();
    expect(await state()).toMatchObject({ doneMs: expect.any(Number), orders: 3, files: 3 });
    expect(await left(later)).toEqual([]);
    expect(await violations()).toEqual([]);
  });

  test('end alike wherever they are broken off, before a call or after it', async () => {
    let rounds = 0;
    for (let broken = true; broken; rounds++) {
      ada = `${unique('ada').toLowerCase()}@example.com`;
      const fileIds = [
        await endedFile({ rows: [row(2, ada)], rejected: [rejection(3)] }),
        await endedFile({ end: FAILED, upload: `A,${ada}`, rejected: [mentioning(2, ada)] }),
      ];
      await request();
      const at = Math.floor(rounds / 2);
      let calls = 0;
      const breaking = <Port extends object>(port: Port): Port =>
        new Proxy(port, {
          get: (target, name) => {
            const member = target[name as keyof Port] as unknown;
            if (typeof member === 'object' && member !== null) return breaking(member);
            if (typeof member !== 'function') return member;
            return (...args: unknown[]) => {
              const call = () => Reflect.apply(member, target, args);
              // Each of the files that other tests have left is a step, too.
              const isStep = args[0] instanceof Object && 'data' in args[0] && isOfFiles(args[0].data);
              if (!CHANGES.test(String(name)) || isStep || calls++ !== at) return call();
              const fail = () => Promise.reject(new Error('broken off'));
              return rounds % 2 === 0 ? fail() : Promise.resolve(call()).then(fail);
            };
          },
        });
      const outcome = await work(breaking(store()), breaking(objects)).then(
        () => 'done',
        (error: Error) => error.message,
      );
      broken = outcome === 'broken off';
      if (!broken) expect(outcome).toBe('done');
      await work();
      // What was erased may be told less, not more.
      const { doneMs, orders, files } = await state();
      expect([doneMs !== null, orders <= 1, files <= 2]).toEqual([true, true, true]);
      for (const fileId of fileIds) expect(await left(fileId)).toEqual([]);
      expect((await store().erasure.find({ email: ada }, null)).found).toEqual([]);
      const [order] = (await store().orders.list({ fileId: fileIds[0]! }, { limit: 1, after: null })).items;
      expect(order).toMatchObject({ customerName: '', customerEmail: '', shippingAddress: '' });
    }
    expect(rounds).toBeGreaterThan(20);
    expect(await violations()).toEqual([]);
  });

  test('orders in a final state lose their people once they have rested for long enough, and no others', async () => {
    const ids = [unique('P'), unique('P')];
    for (const id of ids) await applyOne(store(), toCreate(id, newOrder([item(sku)])));
    await applyOne(store(), toMove(ids[0]!, 'cancelled'));
    const running = new AbortController().signal;
    const before = (await erasedSoFar(store())).erased;
    await eraseOldPeople(store(), DEFAULT_WORKFLOW, Date.now() - 3_600_000, running);
    expect((await store().orders.get(ids[0]!))!.order.customerEmail).not.toBe('');
    const through = Date.now() + 60_000;
    await eraseOldPeople(store(), DEFAULT_WORKFLOW, through, running);
    expect((await store().orders.get(ids[0]!))!.order).toMatchObject({ status: 'cancelled', customerEmail: '' });
    expect((await store().orders.get(ids[1]!))!.order.customerEmail).not.toBe('');
    const after = await erasedSoFar(store());
    expect([after.erased > before, after.throughMs]).toEqual([true, through]);
    await applyOne(store(), toMove(ids[1]!, 'cancelled'));
    await eraseOldPeople(store(), DEFAULT_WORKFLOW, through, running);
    expect((await store().orders.get(ids[1]!))!.order).toMatchObject({ status: 'cancelled', customerEmail: '' });
    expect(await violations()).toEqual([]);
  });
});
