/** `/invalid-files`: the reports, and their way back: fix the rows of a report and upload it. */
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, test } from 'vitest';
import { csvLine } from '../../src/model/spreadsheet-cell.ts';
import { listAll, type PageJson, problemOf } from '../support/http.ts';
import { AS_EXCEL, resaved } from '../support/resaved.ts';
import {
  csv,
  getJson,
  ingest,
  ORDER_HEADER,
  orderLine,
  type Service,
  setStock,
  startService,
} from '../support/service.ts';

interface ReportJson {
  name: string;
  file_id: string;
  rows: number;
  size_bytes: number;
  created_at: string;
  url: string;
}

let service: Service;
let names = 0;
beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 1_000]]);
});

const unique = () => `R-${++names}`;
const download = (name: string | null) => fetch(`${service.url}/invalid-files/${name}`);
const recordsOf = (text: string) =>
  parse(text, { bom: true, columns: true, delimiter: /_row(.)_column/.exec(text)![1]! }) as Record<string, string>[];

describe('a report', () => {
  test('is a download of the rows that failed, as they were, with the reasons', async () => {
    const [good, bad, worse] = [unique(), unique(), unique()];
    const header = `comment,${ORDER_HEADER}`;
    const file = await ingest(
      service,
      [
        header,
        `fine,${orderLine(good)}`,
        `"says ""hi"", twice",${orderLine(bad, { customer_email: ' nobody', quantity: '1e3' })}`,
        '',
        `"two\nlines",${orderLine(worse, { sku: 'nowhere' })}`,
      ].join('\r\n'),
    );
    const response = await download(file.invalid_file);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${file.invalid_file}"`);
    const text = await response.text();
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(file.invalid_file_size_bytes).toBe(Buffer.byteLength(text));
    expect(text.split('\n')[0]).toBe(`${header},_row,_column,_code,_reason,_file`);
    const [first, second, ...more] = recordsOf(text);
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      comment: 'says "hi", twice',
      order_id: bad,
      customer_email: ' nobody',
      quantity: '1e3',
      _row: '3',
      _column: 'customer_email | quantity',
      _code: 'invalid_email | invalid_quantity',
      _file: file.file_id,
    });
    expect(first!._reason).toContain('nobody');
    expect(second).toMatchObject({ comment: 'two\nlines', order_id: worse, _row: '5', _code: 'unknown_sku' });
  });

  test.each([
    [',', false],
    [';', true],
    ['\t', false],
    ['|', true],
  ])(
    'has the delimiter of its file, "%s", and its byte order mark: %s; it can be uploaded as it is',
    async (delimiter, bom) => {
      const header = ORDER_HEADER.replaceAll(',', delimiter);
      const rows = [
        orderLine(unique(), { quantity: '0', product_name: `a${delimiter === ',' ? '' : delimiter}b` }),
      ].map((line) =>
        line
          .split(',')
          .map((cell) => (cell.includes(delimiter) ? `"${cell}"` : cell))
          .join(delimiter),
      );
      const file = await ingest(service, `${bom ? '\ufeff' : ''}${[header, ...rows].join('\n')}\n`);
      expect(file).toMatchObject({ intake: { delimiter, bom }, progress: { rows: 1, invalid: 1 } });
      const stored = Buffer.from(await (await download(file.invalid_file)).arrayBuffer());
      const mark = Buffer.from('\ufeff');
      expect(stored.subarray(0, 3).equals(mark)).toBe(bom);
      const text = stored.toString().replace('\ufeff', '');
      expect(text.split('\n')[0]).toBe(
        `${header}${['', '_row', '_column', '_code', '_reason', '_file'].join(delimiter)}`,
      );
      expect(text).toContain(`${rows[0]}${delimiter}2${delimiter}quantity`);

      const marked = await download(`${file.invalid_file}?bom=true`);
      const whole = Buffer.from(await marked.arrayBuffer());
      expect(whole).toEqual(Buffer.concat([mark, Buffer.from(text)]));
      expect(marked.headers.get('content-length')).toBe(String(whole.length));
      const etags = [marked, await download(file.invalid_file)].map(({ headers }) => headers.get('etag'));
      expect(new Set(etags).size).toBe(bom ? 1 : 2);
      const { url } = service;
      for (const [first, last] of [
        [0, 1],
        [1, 4],
        [2, 2],
        [3, 9],
        [5, whole.length - 1],
      ] as const) {
        const headers = { range: `bytes=${first}-${last}` };
        const part = await fetch(`${url}/invalid-files/${file.invalid_file}?bom=true`, { headers });
        expect(part.status).toBe(206);
        expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(first, last + 1));
      }
      expect(await ingest(service, whole)).toMatchObject({
        parent_file_id: file.file_id,
        progress: { rows: 1, invalid: 1 },
      });
      await problemOf(await download(`${file.invalid_file}?bom=maybe`), 400, 'invalid_parameter');
    },
  );

  test('that is fixed and uploaded is accepted and linked to its parent, with cells that a spreadsheet would run restored', async () => {
    const [bad, worse] = [unique(), unique()];
    const name = '=HYPERLINK("http://evil.example")';
    const parent = await ingest(
      service,
      csv(
        orderLine(bad, { customer_name: `"${name.replaceAll('"', '""')}"`, customer_email: 'nobody' }),
        orderLine(worse, { customer_name: "'tis", shipping_address: '+1 Main Street', quantity: '0' }),
        orderLine(unique()),
      ),
    );
    const rows = recordsOf(await (await download(parent.invalid_file)).text());
    expect(rows[0]!.customer_name).toBe(`'${name}`);
    expect(rows[1]).toMatchObject({ customer_name: "''tis", shipping_address: "'+1 Main Street" });

    rows[0]!.customer_email = 'fixed@example.com';
    rows[1]!.quantity = '2';
    const columns = Object.keys(rows[0]!);
    const fixed = [columns, ...rows.map((row) => columns.map((column) => row[column]!))]
      .map((cells) => csvLine(cells))
      .join('');
    const child = await ingest(service, fixed);
    expect(child).toMatchObject({
      status: 'completed',
      parent_file_id: parent.file_id,
      progress: { rows: 2, accepted: 2, invalid: 0 },
      invalid_file: null,
    });
    expect(await getJson(service, `/orders/${bad}`)).toMatchObject({ customer: { name, email: 'fixed@example.com' } });
    expect(await getJson(service, `/orders/${worse}`)).toMatchObject({
      customer: { name: "'tis" },
      shipping_address: '+1 Main Street',
    });
    const children = await getJson<PageJson<{ file_id: string }>>(service, `/files?parent_file_id=${parent.file_id}`);
    expect(children.items.map(({ file_id }) => file_id)).toEqual([child.file_id]);
  });

  test('that is uploaded unchanged gives the same report, except for its file and rows', async () => {
    const values = {
      customer_name: '\uff1dcmd()',
      customer_email: '@x',
      product_name: '"\n=1+1"',
      shipping_address: '" \u200b+1"',
    };
    const parent = await ingest(
      service,
      csv(orderLine(unique(), { customer_name: '-1+1', customer_email: '@x' }), orderLine(unique(), values)),
    );
    const text = await (await download(parent.invalid_file)).text();
    expect(recordsOf(text)[1]).toMatchObject({
      customer_name: "'\uff1dcmd()",
      customer_email: "'@x",
      product_name: "'\n=1+1",
      shipping_address: "' \u200b+1",
    });
    const child = await ingest(service, text);
    expect(child).toMatchObject({ parent_file_id: parent.file_id, progress: { invalid: 2 } });
    const again = await (await download(child.invalid_file)).text();
    expect(again).toBe(text.replaceAll(parent.file_id, child.file_id));
  });

  describe('is downloaded', () => {
    let url: string;
    let whole: Buffer;
    let etag: string;
    beforeAll(async () => {
      const lines = Array.from({ length: 300 }, () => orderLine(unique(), { quantity: '0', customer_name: 'Zoë' }));
      const { invalid_file } = await ingest(service, csv(...lines));
      url = `${service.url}/invalid-files/${invalid_file}`;
      const response = await fetch(url);
      expect(response.headers.get('accept-ranges')).toBe('bytes');
      etag = response.headers.get('etag')!;
      expect(etag).toMatch(/^"[\w-]+"$/);
      whole = Buffer.from(await response.arrayBuffer());
    });
    const get = (headers: Record<string, string>, method = 'GET') => fetch(url, { method, headers });

    test('by one range of bytes', async () => {
      const size = whole.length;
      for (const [range, first, last] of [
        ['bytes=0-0', 0, 0],
        ['bytes=0-99', 0, 99],
        ['bytes=100-', 100, size - 1],
        [`bytes=${size - 1}-`, size - 1, size - 1],
        [`bytes=10-${size + 5}`, 10, size - 1],
        ['bytes=-1', size - 1, size - 1],
        ['bytes=-200', size - 200, size - 1],
        [`bytes=-${size + 1}`, 0, size - 1],
        ['bytes=0-99999999999999999999', 0, size - 1],
        ['Bytes = 5-6', 5, 6],
      ] as const) {
        const part = await get({ range });
        const { headers } = part;
        expect([range, part.status, headers.get('content-range')]).toEqual([
          range,
          206,
          `bytes ${first}-${last}/${size}`,
        ]);
        expect(headers.get('content-length')).toBe(String(last - first + 1));
        expect([headers.get('etag'), headers.get('content-type')]).toEqual([etag, 'text/csv; charset=utf-8']);
        expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(first, last + 1))).toBe(true);
      }
    });

    test('as a whole for several ranges, an unreadable one, another unit, and HEAD', async () => {
      for (const range of [
        'bytes=0-1,5-6',
        'bytes=5-4',
        'bytes=',
        'bytes=-',
        'bytes=a-b',
        'rows=1-2',
        '0-1',
        'bytes=--1',
      ]) {
        const response = await get({ range });
        expect([range, response.status, response.headers.get('content-range')]).toEqual([range, 200, null]);
        expect(Buffer.from(await response.arrayBuffer()).equals(whole)).toBe(true);
      }
      const head = await get({ range: 'bytes=0-1' }, 'HEAD');
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(whole.length)]);
      expect([head.headers.get('etag'), head.headers.get('accept-ranges')]).toEqual([etag, 'bytes']);
    });

    test('and a range beyond its end is 416 with its size', async () => {
      for (const range of [`bytes=${whole.length}-`, 'bytes=99999999999999999999-', 'bytes=-0']) {
        const response = await get({ range });
        expect(response.headers.get('content-range')).toBe(`bytes */${whole.length}`);
        expect(response.headers.get('content-disposition')).toBeNull();
        await problemOf(response, 416, 'range_not_satisfiable');
      }
    });

    test('by a range with If-Range only while it is the same report', async () => {
      expect((await get({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206);
      for (const other of ['"other"', `W/${etag}`, new Date().toUTCString()])
        expect((await get({ range: 'bytes=0-1', 'if-range': other })).status).toBe(200);
    });

    test('not when the client has it', async () => {
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        for (const method of ['GET', 'HEAD']) {
          const response = await get({ 'if-none-match': tags, range: 'bytes=0-1' }, method);
          expect([response.status, response.headers.get('etag')]).toEqual([304, etag]);
          expect(await response.text()).toBe('');
        }
      }
      expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
    });
  });

  test('does not exist when every row is accepted', async () => {
    expect((await ingest(service, csv(orderLine(unique())))).invalid_file).toBeNull();
  });

  test('that is unknown is 404, and no name reaches anything but reports', async () => {
    for (const name of ['unknown.csv', '..%2F..%2Foms.db', '%2Fetc%2Fpasswd', '%00', "'%20or%201=1"])
      expect((await download(name)).status).toBe(404);
    await problemOf(await download('unknown.csv'), 404, 'not_found');
  });
});

describe('a row that was not fixed', () => {
  /** Cut at the comma of the address, or at the quote in the product's name, a row looks right in the report. */
  const surplus = (id: string) => orderLine(id, { shipping_address: '1 Road, Leeds' });
  const badQuote = (id: string) => orderLine(id, { product_name: '"Frame" oak' });
  const reportOf = async ({ invalid_file }: { invalid_file: string | null }) => (await download(invalid_file)).text();
  const codesOf = async ({ file_id }: { file_id: string }) =>
    (await listAll<{ codes: string[] }>(service, `/files/${file_id}/rejections`)).map(({ codes }) => codes.join());
  const changed = (report: string, change: (row: Record<string, string>) => void) => {
    const rows = recordsOf(report);
    for (const row of rows) change(row);
    const columns = Object.keys(rows[0]!);
    return [columns, ...rows.map((row) => columns.map((column) => row[column]!))]
      .map((cells) => csvLine(cells))
      .join('');
  };

  test('with a wrong number of cells or a bad quote is rejected again for the same reason, whatever program saved the report', async () => {
    const ids = [unique(), unique(), unique()] as const;
    const file = csv(surplus(ids[0]), badQuote(ids[1]), orderLine(ids[2]).replace(/,[^,]*$/, ''));
    const parent = await ingest(service, file);
    const report = await reportOf(parent);
    expect(recordsOf(report).map(({ _record }) => _record)).toEqual(file.split('\n').slice(1, 4));
    const before = recordsOf(report).map(({ _row, _file, ...row }) => row);
    const codes = ['column_count', 'malformed_quote', 'column_count'];
    expect(await codesOf(parent)).toEqual(codes);
    const savings = [
      report,
      resaved(report, AS_EXCEL),
      resaved(report, {
        ...AS_EXCEL,
        cutsEmpty: false,
        quotesAll: true,
        delimiter: '\t',
        order: (columns) => columns.toReversed(),
      }),
      // As a spreadsheet shows numbers and days.
      changed(report, (row) => {
        row.unit_price = '19.990';
        row.order_date = '20.11.2026';
      }),
    ];
    for (const saved of savings) {
      let child = await ingest(service, saved);
      for (let generation = 1; generation <= 2; generation++) {
        expect(child).toMatchObject({ status: 'completed', progress: { rows: 3, accepted: 0, invalid: 3 } });
        expect(await codesOf(child)).toEqual(codes);
        const again = recordsOf(await reportOf(child));
        expect(again.map(({ _reason, _record }) => ({ _reason, _record }))).toEqual(
          before.map(({ _reason, _record }) => ({ _reason, _record })),
        );
        child = await ingest(service, await reportOf(child));
      }
    }
    expect((await fetch(`${service.url}/orders/${ids[0]}`)).status).toBe(404);
  });

  test('is accepted once it is changed or confirmed, and only its data count when the columns of the report are removed', async () => {
    const [first, second, third, fourth] = [unique(), unique(), unique(), unique()];
    const parent = await ingest(service, csv(surplus(first), badQuote(second)));
    const fixed = await ingest(
      service,
      changed(await reportOf(parent), (row) => {
        if (row.order_id === first) row.shipping_address = '1 Road, Leeds';
        else row._check = '';
      }),
    );
    expect(fixed).toMatchObject({ parent_file_id: parent.file_id, progress: { accepted: 2, invalid: 0 } });
    expect(await getJson(service, `/orders/${first}`)).toMatchObject({ shipping_address: '1 Road, Leeds' });
    expect(await getJson(service, `/orders/${second}`)).toMatchObject({ items: [{ product_name: '"Frame" oak' }] });

    const other = await ingest(service, csv(surplus(third), orderLine(fourth, { quantity: '0' })));
    const siblingFixed = changed(await reportOf(other), (row) => {
      if (row.order_id === fourth) row.quantity = '2';
    });
    const child = await ingest(service, siblingFixed);
    expect(child).toMatchObject({ progress: { accepted: 1, invalid: 1 }, invalid_by_code: { column_count: 1 } });
    const dataAlone = recordsOf(await reportOf(child)).map((row) =>
      ORDER_HEADER.split(',').map((column) => row[column]!),
    );
    expect(
      await ingest(service, [ORDER_HEADER.split(','), ...dataAlone].map((cells) => csvLine(cells)).join('')),
    ).toMatchObject({
      progress: { accepted: 1 },
    });
  });

  test('with bytes that were not text is rejected again, even if the report was saved in an encoding without U+FFFD', async () => {
    const [cut, marked] = [unique(), unique()];
    const line = (id: string, name: string) =>
      Buffer.from(`${orderLine(id, { customer_name: name, quantity: '9' })}\n`, 'latin1');
    const parent = await ingest(
      service,
      Buffer.concat([
        Buffer.from(csv(orderLine(unique(), { customer_name: 'Zoë' }))),
        line(cut, 'Caf\xe9'),
        Buffer.from(`${orderLine(marked, { customer_name: 'the mark itself \ufffd', quantity: '9' })}\n`),
      ]),
    );
    expect(await codesOf(parent)).toEqual(['invalid_utf8,total_mismatch', 'total_mismatch']);
    const report = await reportOf(parent);
    for (const saved of [report, resaved(report, AS_EXCEL), Buffer.from(report.replaceAll('\ufffd', '?'), 'latin1')]) {
      const child = await ingest(service, saved);
      expect(await codesOf(child)).toEqual(['invalid_utf8,total_mismatch', 'total_mismatch']);
    }
  });
});

test('the list of reports is newest first, without gaps or repeats', async () => {
  const files = [];
  for (let i = 0; i < 4; i++) files.unshift(await ingest(service, csv(orderLine(unique(), { quantity: '0' }))));
  const all = await listAll<ReportJson>(service, '/invalid-files?limit=1000');
  const keys = all.map((report) => `${report.created_at} ${report.file_id}`);
  expect(keys).toEqual([...keys].sort().reverse());
  for (const file of files) {
    const text = await (await download(file.invalid_file)).text();
    expect(all.find((report) => report.file_id === file.file_id)).toEqual({
      name: file.invalid_file,
      file_id: file.file_id,
      rows: 1,
      size_bytes: Buffer.byteLength(text),
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      url: `/invalid-files/${file.invalid_file}`,
    });
  }
  for (const limit of [1, 3]) expect(await listAll(service, `/invalid-files?limit=${limit}`)).toEqual(all);
  for (const query of ['limit=0', 'limit=1001', 'limit=x'])
    await problemOf(await fetch(`${service.url}/invalid-files?${query}`), 400, 'invalid_parameter');
  await problemOf(await fetch(`${service.url}/invalid-files?cursor=x`), 400, 'invalid_cursor');
});
