/** `POST /upload`: what is accepted, what is refused and how, duplicates and idempotency keys. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { problemOf, send, setSwitches, until } from '../support/http.ts';
import {
  csv,
  ended,
  getJson,
  ingest,
  orderLine,
  type Service,
  setStock,
  startService,
  upload,
} from '../support/service.ts';

const MAX_BYTES = 1_000_000;

let service: Service;
let orders = 0;
beforeAll(async () => {
  service = await startService({ env: { OMS_MAX_UPLOAD_BYTES: String(MAX_BYTES) } });
  await setStock(service, [['SKU-1', 'HUB-1', 1_000_000]]);
});

const newFile = () => csv(orderLine(`U-${++orders}`));
const accepted = async (response: Response) => {
  expect(response.status).toBe(202);
  return (await response.json()) as { file_id: string } & Record<string, unknown>;
};
const form = (...files: [field: string, content: string | Buffer, name?: string][]) => {
  const body = new FormData();
  for (const [field, content, name = 'orders.csv'] of files)
    body.append(field, new Blob([content as string], { type: 'text/csv' }), name);
  return body;
};
const post = (body: FormData | string, headers: Record<string, string> = {}, query = '') =>
  fetch(`${service.url}/upload${query}`, { method: 'POST', body, headers });

describe('an upload', () => {
  test('as a raw body returns the new file', async () => {
    const body = newFile();
    const response = await upload(service, body, '?name=raw.csv');
    const file = await accepted(response);
    expect(file).toEqual({
      file_id: expect.stringMatching(/^[A-Za-z0-9_-]+$/),
      name: 'raw.csv',
      status: 'queued',
      size_bytes: Buffer.byteLength(body),
      sha256: createHash('sha256').update(body).digest('hex'),
      links: { self: `/files/${file.file_id}` },
    });
    expect(response.headers.get('location')).toBe(`/files/${file.file_id}`);
    expect(await ended(service, file.file_id)).toMatchObject({ name: 'raw.csv', status: 'completed' });
  });

  test('as a multipart form is the same, with the name of its file', async () => {
    const body = newFile();
    const file = await accepted(await post(form(['file', body, 'Märzbestellungen.csv'])));
    expect(file).toMatchObject({
      name: 'Märzbestellungen.csv',
      sha256: createHash('sha256').update(body).digest('hex'),
    });
    expect(await ended(service, file.file_id)).toMatchObject({ status: 'completed', progress: { accepted: 1 } });
  });

  test('of a form has the name of the query rather than that of its file, and ignores other fields', async () => {
    const body = form(['file', newFile()]);
    body.append('comment', 'hello');
    expect(await accepted(await post(body, {}, '?name=asked.csv'))).toMatchObject({ name: 'asked.csv' });
  });

  test('may be compressed, raw or in a form, and is hashed as it was sent', async () => {
    for (const asForm of [false, true]) {
      const bytes = gzipSync(newFile());
      const response = asForm ? await post(form(['file', bytes, 'a.csv.gz'])) : await upload(service, bytes);
      const file = await accepted(response);
      expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(await ended(service, file.file_id)).toMatchObject({
        status: 'completed',
        size_bytes: bytes.length,
        intake: { gzip: true },
        progress: { accepted: 1, percent: 100 },
      });
    }
  });

  test('is read in the requested encoding', async () => {
    const line = orderLine(`U-${++orders}`, { customer_name: 'Zoë' });
    const file = await ingest(service, Buffer.from(csv(line), 'utf16le'), '?encoding=utf-16le');
    expect(file).toMatchObject({ status: 'completed', intake: { encoding: 'utf-16le' }, progress: { accepted: 1 } });
    expect(await getJson(service, `/orders/U-${orders}`)).toMatchObject({ customer: { name: 'Zoë' } });
  });

  test('is linked to the parent of its query', async () => {
    const parent = await ingest(service, newFile());
    const child = await ingest(service, newFile(), `?parent_file_id=${parent.file_id}`);
    expect(child.parent_file_id).toBe(parent.file_id);
    const children = await getJson<{ items: { file_id: string }[] }>(
      service,
      `/files?parent_file_id=${parent.file_id}`,
    );
    expect(children.items.map((file) => file.file_id)).toEqual([child.file_id]);
  });

  test('has a displayed name that is never a path', async () => {
    for (const [name, shown] of [
      ['../../etc/passwd', 'passwd'],
      ['C:\\orders\\a.csv', 'a.csv'],
      ['a\u0000b\u202ec.csv', 'abc.csv'],
      ['', 'orders.csv'],
    ] as const)
      expect(await accepted(await upload(service, newFile(), `?name=${encodeURIComponent(name)}`))).toMatchObject({
        name: shown,
      });
  });
});

test('an upload is accepted with every content type that clients send for CSV or gzip', async () => {
  const types = [
    'text/csv; charset=utf-8; header=present',
    'Text/CSV',
    'text/x-csv',
    'application/csv',
    'application/x-csv',
  ];
  types.push('text/comma-separated-values', 'text/x-comma-separated-values', 'text/tab-separated-values', 'text/plain');
  types.push('application/vnd.ms-excel', 'application/octet-stream', 'binary/octet-stream', 'application/gzip');
  types.push('application/x-gzip', 'application/x-www-form-urlencoded');
  for (const type of types)
    expect([type, (await upload(service, newFile(), '', { 'content-type': type })).status]).toEqual([type, 202]);
});

describe('an upload is refused, and leaves no file, when', () => {
  const refused = async (response: Promise<Response>, status: number, code: string) => {
    const before = await getJson<{ files: { total: number } }>(service, '/stats');
    const body = await problemOf(await response, status, code);
    expect((await getJson<{ files: { total: number } }>(service, '/stats')).files.total).toBe(before.files.total);
    return body;
  };

  test('it has no bytes', async () => {
    await refused(upload(service, ''), 400, 'empty_upload');
    await refused(post(form(['file', ''])), 400, 'empty_upload');
  });

  test('its form has no file, two files, or the file in another field', async () => {
    await refused(post(form()), 400, 'no_file');
    const onlyField = new FormData();
    onlyField.append('comment', 'hello');
    await refused(post(onlyField), 400, 'no_file');
    await refused(post(form(['file', newFile()], ['file', newFile()])), 400, 'several_files');
    await refused(post(form(['upload', newFile()])), 400, 'no_file');
  });

  test('its form is broken', async () => {
    const type = { 'content-type': 'multipart/form-data; boundary=x' };
    await refused(post(newFile(), { 'content-type': 'multipart/form-data' }), 400, 'broken_multipart');
    const open = `--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n${newFile()}`;
    await refused(post(open, type), 400, 'broken_multipart');
  });

  test('it is larger than allowed, with or without a length', async () => {
    const large = Buffer.alloc(MAX_BYTES + 1, 'a');
    await refused(upload(service, large), 413, 'too_large');
    await refused(post(form(['file', large])), 413, 'too_large');
    await refused(upload(service, Buffer.alloc(4 * MAX_BYTES, 'a')), 413, 'too_large');
  });

  test('it is not CSV', async () => {
    await refused(upload(service, Buffer.from('PK\u0003\u0004 a workbook')), 415, 'not_csv');
    await refused(upload(service, '%PDF-1.7'), 415, 'not_csv');
    await refused(upload(service, newFile(), '', { 'content-type': 'image/png' }), 415, 'not_csv');
    await refused(post(form(['file', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')])), 415, 'not_csv');
  });

  test('a parameter has a bad value', async () => {
    for (const query of ['?force=perhaps', '?encoding=', '?parent_file_id=', '?force=true&force=false'])
      await refused(upload(service, newFile(), query), 400, 'invalid_parameter');
    expect((await upload(service, newFile(), '?encoding=klingon')).status).toBe(400);
    await refused(upload(service, newFile(), '', { 'idempotency-key': 'k'.repeat(256) }), 400, 'invalid_parameter');
  });

  test('its parent is unknown', async () => {
    await refused(upload(service, newFile(), '?parent_file_id=f_unknown'), 404, 'not_found');
  });
});

describe('the same bytes again', () => {
  test('are refused with the id of the first file, raw or in a form, unless forced', async () => {
    const body = newFile();
    const { file_id } = await ingest(service, body);
    for (const response of [await upload(service, body, '?name=other.csv'), await post(form(['file', body]))])
      expect(await problemOf(response, 409, 'duplicate_file')).toMatchObject({ existing_file_id: file_id });
    const forced = await ingest(service, body, '?force=true');
    expect(forced).toMatchObject({ status: 'completed', invalid_by_code: { duplicate_order: 1 } });
    expect(forced.file_id).not.toBe(file_id);
  });

  test('at the same moment create exactly one file', async () => {
    for (let round = 0; round < 5; round++) {
      const body = newFile();
      const responses = await Promise.all(Array.from({ length: 6 }, () => upload(service, body)));
      expect(responses.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409]);
      const [won] = responses.filter(({ status }) => status === 202);
      const { file_id } = await accepted(won!);
      for (const response of responses.filter(({ status }) => status === 409))
        expect(await problemOf(response, 409, 'duplicate_file')).toMatchObject({ existing_file_id: file_id });
    }
  });

  test('create a new file after the first one failed', async () => {
    const body = `order_id,sku\n${++orders},x\n`;
    const failed = await ingest(service, body);
    expect(failed).toMatchObject({ status: 'failed', failure: { code: 'missing_column' } });
    const again = await ingest(service, body);
    expect(again.file_id).not.toBe(failed.file_id);
  });

  test('create a new file after the first one was cancelled', async () => {
    const waits = csv(...Array.from({ length: 3 }, () => orderLine(`U-${++orders}`, { sku: `NEW-${orders}` })));
    await setSwitches(service, { latency_ms: 1_500 });
    // All slots of the worker are taken, so that the last file stays queued.
    const others = await Promise.all(
      Array.from({ length: 8 }, async () =>
        accepted(await upload(service, csv(orderLine(`U-${++orders}`, { sku: `NEW-${orders}` })))),
      ),
    );
    const { file_id } = await accepted(await upload(service, waits));
    expect((await send(service, 'POST', `/files/${file_id}/cancel`)).status).toBe(202);
    await until(service, file_id, (file) => file.status === 'cancelled');
    await setSwitches(service, { latency_ms: 0 });
    const again = await ingest(service, waits);
    expect(again.file_id).not.toBe(file_id);
    for (const other of others) await ended(service, other.file_id);
  });
});

describe('an Idempotency-Key', () => {
  test('returns the first response again, also once the file has ended', async () => {
    const body = newFile();
    const key = { 'idempotency-key': 'replay-1' };
    const first = await accepted(await upload(service, body, '?name=first.csv', key));
    expect(await accepted(await upload(service, body, '?name=first.csv', key))).toEqual(first);
    await ended(service, first.file_id);
    expect(await accepted(await upload(service, body, '?name=first.csv', key))).toEqual(first);
    expect(await accepted(await post(form(['file', body]), key))).toEqual(first);
  });

  test('is refused with other bytes', async () => {
    const key = { 'idempotency-key': 'reused-1' };
    await accepted(await upload(service, newFile(), '', key));
    await problemOf(await upload(service, newFile(), '', key), 422, 'key_reused');
  });

  test('at the same moment creates one file, which all responses have', async () => {
    const body = newFile();
    const key = { 'idempotency-key': 'at-once-1' };
    const files = await Promise.all(
      Array.from({ length: 5 }, async () => accepted(await upload(service, body, '', key))),
    );
    expect(new Set(files.map(({ file_id }) => file_id)).size).toBe(1);
  });
});
