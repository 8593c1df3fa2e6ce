/** Broken multipart forms and hostile file names: each gets a clear response, and leaves nothing behind (INV-5). */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectNoNewFile, expectSound, formPart, problemOf, stockUp } from '../support/bad-input.ts';
import {
  csv,
  ended,
  type FileJson,
  ingest,
  orderLine,
  type Service,
  startService,
  temporaryDirectory,
} from '../support/service.ts';

let service: Service;
let orders = 0;
const newId = () => `FORM-${++orders}`;
const order = () => csv(orderLine(newId()));

beforeAll(async () => {
  service = await startService({ dataDirectory: join(await temporaryDirectory(), 'data') });
  await stockUp(service);
});
afterEach(() => expectSound(service));

function postForm(body: string, contentType = 'multipart/form-data; boundary=edge'): Promise<Response> {
  return fetch(`${service.url}/upload`, { method: 'POST', headers: { 'content-type': contentType }, body });
}

describe('a form', () => {
  expectNoNewFile(() => service);

  test.each<[string, () => string, string, RegExp]>([
    [
      'with two files',
      () => `${formPart('file', 'a.csv', order())}${formPart('file', 'b.csv', order())}--edge--\r\n`,
      'several_files',
      /one file at a time/,
    ],
    [
      'with a file in another field',
      () => `${formPart('orders', 'a.csv', order())}--edge--\r\n`,
      'no_file',
      /the field "orders"/,
    ],
    [
      'with fields and no file',
      () => '--edge\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--edge--\r\n',
      'no_file',
      /as the field "file"/,
    ],
    ['without parts', () => '--edge--\r\n', 'no_file', /has no file/],
    [
      'that is cut off in its file',
      () => formPart('file', 'a.csv', order()).slice(0, -40),
      'broken_multipart',
      /not a complete multipart form/,
    ],
    [
      'that is cut off before its end',
      () => formPart('file', 'a.csv', order()),
      'broken_multipart',
      /not a complete multipart form/,
    ],
    [
      'that is cut off in the head of its part',
      () => '--edge\r\nContent-Disposition: form-da',
      'broken_multipart',
      /not a complete multipart form/,
    ],
    [
      'with many fields before its file',
      () =>
        `${'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'.repeat(50)}${formPart('file', 'a.csv', order())}--edge--\r\n`,
      'broken_multipart',
      /more than 20 fields/,
    ],
    ['that is empty', () => '', 'broken_multipart', /not a complete multipart form/],
    [
      'whose boundary never appears',
      () => formPart('file', 'a.csv', order()).replaceAll('edge', 'other'),
      'broken_multipart',
      /not a complete multipart form/,
    ],
  ])('%s is 400', async (_, body, code, words) => {
    expect(await problemOf(await postForm(body()))).toMatchObject({
      status: 400,
      code,
      detail: expect.stringMatching(words),
      contentType: 'application/problem+json',
    });
  });

  test('without a boundary in its content type is 400', async () => {
    const response = await problemOf(await postForm(formPart('file', 'a.csv', order()), 'multipart/form-data'));
    expect(response).toMatchObject({ status: 400, code: 'broken_multipart' });
  });
});

describe('a file name', () => {
  const names: [string, string, string][] = [
    ['with a path', '../../etc/passwd', 'passwd'],
    ['with a path of Windows', 'C:\\orders\\november.csv', 'november.csv'],
    ['with control characters and line breaks', 'a\r\nSet-Cookie: x=1\0\x1b[31m.csv', 'aSet-Cookie: x=1[31m.csv'],
    ['with characters that reverse the text', 'orders\u202evsc.exe', 'ordersvsc.exe'],
    ['of only dots and slashes', '../../', 'orders.csv'],
  ];

  async function listAround(): Promise<string[]> {
    return (await readdir(dirname(service.dataDirectory), { recursive: true })).filter(
      (path) => !/^data\/(objects\/(uploads|reports)\/f_|oms\.db|lock\.db)/.test(path),
    );
  }

  test.each(names)(
    '%s is only displayed, without these characters, from a query and from a form',
    async (_, name, shown) => {
      const before = await listAround();
      const file = await ingest(service, order(), `?name=${encodeURIComponent(name)}`);
      expect(file).toMatchObject({ name: shown, status: 'completed' });
      const form = new FormData();
      form.append('file', new File([order()], name, { type: 'text/csv' }));
      const response = await fetch(`${service.url}/upload`, { method: 'POST', body: form });
      expect(response.status).toBe(202);
      const uploaded = (await response.json()) as FileJson;
      expect(uploaded.name).not.toMatch(/[/\\\p{Cc}\p{Cf}]/u);
      await ended(service, uploaded.file_id);
      expect(await listAround()).toEqual(before);
    },
  );

  test('of 10,000 characters is shortened to 255', async () => {
    expect((await ingest(service, order(), `?name=${'n'.repeat(10_000)}`)).name).toBe('n'.repeat(255));
    const response = await postForm(`${formPart('file', `${'m'.repeat(10_000)}.csv`, order())}--edge--\r\n`);
    const { file_id, name } = (await response.json()) as FileJson;
    expect(name).toBe('m'.repeat(255));
    await ended(service, file_id);
  });

  test('cannot inject headers into a response', async () => {
    const bad = orderLine(newId(), { quantity: '0' });
    const file = await ingest(service, csv(bad), '?name=%0d%0aX-Injected:%20yes%22;%20filename=%22evil.exe');
    for (const path of [`/files/${file.file_id}`, `/invalid-files/${file.invalid_file}`]) {
      const { headers } = await fetch(service.url + path);
      expect(headers.has('x-injected')).toBe(false);
      expect(headers.get('content-disposition') ?? '').not.toContain('evil');
    }
  });
});
