/** The header of a file: which column is which, and what a header cannot be. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/limits.ts';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { makeHeader } from '../../../src/pipeline/read/header.ts';
import { reportHeader } from '../../../src/pipeline/report.ts';
import { HEADER, readBytes } from '../../support/reading.ts';

describe('a header', () => {
  it('names the order columns in any order and case, among others', async () => {
    const names = [
      '_row',
      'Note',
      ...ORDER_COLUMNS.toReversed().map((name) => ` ${name.toUpperCase()}\t`),
      '',
      '',
      '_other',
    ];
    const { header } = await readBytes(`${names.join(',')}\na\n`);
    expect(header!.columns).toEqual(names.map((name) => name.trim()));
    expect(header!.orderColumns.shipping_address).toBe(2);
    expect(header!.orderColumns.order_id).toBe(12);
    expect(header!.dataColumns).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect(header).toMatchObject({ report: null, fileColumn: -1 });
  });

  it('is the same when it is built again from its columns', async () => {
    const { header } = await readBytes(`${HEADER},_row,_file,"x\ny"\na\n`);
    expect(makeHeader(header!.columns)).toEqual(header);
    expect(header!.report).toMatchObject({ _row: 11, _file: 12, _code: -1 });
  });

  it('that lacks columns is missing_column, naming all of them, those found, and look-alikes', async () => {
    const names = ORDER_COLUMNS.filter((name) => name !== 'order_id' && name !== 'sku');
    const { failure } = await readBytes(`\nOrder ID,${names.join(',')}\na\n`);
    expect(failure).toMatchObject({ code: 'missing_column', retryable: false, details: { row: 2 } });
    expect(failure!.message).toContain('lacks order_id, sku;');
    expect(failure!.message).toContain('"Order ID", "customer_name"');
    expect(failure!.message).toContain('Rename "Order ID" to order_id.');
  });

  it('that lacks columns is described in bounded words', async () => {
    const { failure } = await readBytes(
      `${Array.from({ length: 200 }, (_, index) => `${index}`.repeat(200)).join(',')}\na\n`,
    );
    expect(failure!.code).toBe('missing_column');
    expect(failure!.message).toContain('and 180 more');
    expect(failure!.message.length).toBeLessThan(1500);
  });

  it('that is below other rows is missing_column, with its row', async () => {
    const titles = ['Orders of November', '', 'Made 2026-11-30, by Ann', 'Total,25'];
    for (const [head, row] of [
      [`${titles.join('\n')}\n`, 5],
      ['"Orders, all";;\n', 2],
      ['sep=;\nOrders;;\n\n', 4],
      [`T-1,${'a,'.repeat(9)}b\n`, 2],
      ['<pre>\n', 2],
      ['order_id,Title\n', 2],
      [`${'title\n'.repeat(19)}`, 20],
    ] as const)
      for (const delimiter of [',', ';', '\t']) {
        const text = `${head}${HEADER.toUpperCase().replaceAll(',', delimiter)}\na\n`;
        const { failure } = await readBytes(text);
        expect(failure, text).toMatchObject({ code: 'missing_column', retryable: false, details: { row } });
        expect(failure!.message).toBe(
          `The header seems to be in row ${row}: delete the rows above it. POST /preview shows by which format it could be read.`,
        );
      }
  });

  it('that lacks some columns is not searched for elsewhere, nor one far below', async () => {
    for (const text of [`${HEADER.replace('sku', 'SKU no')}\n${HEADER}\n`, `${'title\n'.repeat(20)}${HEADER}\na\n`]) {
      const { failure } = await readBytes(text);
      expect(failure!.message).toContain('The header lacks');
    }
  });

  it.each([
    [',', 'T-1,Ann Lee,ann@example.com,Notebook,55120,HUB-1,1,4.20,4.20,2026-11-21,1 Road Leeds'],
    [';', 'T-1;Ann Lee;ann@example.com;Notebook;55120;HUB-1;1;4,20;4,20;21.11.2026;1 Road, Leeds, 2'],
    ['\t', '"T-1"\t"Ann"\t"ann@example.com"\t"Notebook"\t"55120"\tHUB-1\t"1"\t"4"\t"4"\t"21/11/26"\t"1 Road"'],
    ['|', '1|x||||||2.00|2.00|'],
  ])('that is missing is reported, whatever values are repeated, of rows with %j', async (delimiter, line) => {
    const { failure } = await readBytes(`${line}\n${line}\n`);
    expect(failure).toMatchObject({ code: 'missing_column', retryable: false, details: { row: 1 } });
    expect(failure!.message).toContain('The first row looks like an order, not like a header');
    expect(failure!.message).toContain(` ${ORDER_COLUMNS.join(delimiter)} above it`);
    expect(failure!.message).toMatch(/it has "(T-1|1)", /);
  });

  it('of other names only is still a header', async () => {
    for (const header of ['Bestellnummer,Kunde,Menge,2026', 'Order no.,Name', 'id', '1,2']) {
      const { failure } = await readBytes(`${header}\na\n`);
      expect(failure!.message).toContain('The header lacks order_id');
    }
  });

  it.each([`${HEADER},SKU`, `${HEADER}, "Sku" `])(
    'that has the name of an order column twice is duplicate_column: %s',
    async (header) => {
      const { failure } = await readBytes(`${header}\na\n`);
      expect(failure).toMatchObject({ code: 'duplicate_column', retryable: false, details: { row: 1 } });
      expect(failure!.message).toMatch(/"(SKU|Sku)" twice, as columns 5 and 12/);
    },
  );

  it('may repeat other names: their columns are not read', async () => {
    const { failure, header } = await readBytes(`${HEADER},note, Note ,note\na\n`);
    expect(failure).toBeNull();
    expect(header!.columns.slice(-3)).toEqual(['note', 'Note', 'note']);
  });

  it('with more columns than a file may have is too_many_columns', async () => {
    const header = HEADER + ','.repeat(limits.maxColumns - ORDER_COLUMNS.length);
    expect((await readBytes(`${header}\na\n`)).failure).toBeNull();
    const { failure } = await readBytes(`${header},note\na\n`);
    expect(failure).toMatchObject({ code: 'too_many_columns', retryable: false, details: { row: 1 } });
    expect(failure!.message).toContain('257');
    // Those without a name at its end are not counted.
    const { header: cut } = await readBytes(`${header},,,,\na\n`);
    expect(cut!.columns).toEqual(ORDER_COLUMNS);
  });

  it('of a report may have as many columns as the file it reports on, and its own', async () => {
    const columns = [
      ...ORDER_COLUMNS,
      ...Array.from({ length: limits.maxColumns - ORDER_COLUMNS.length }, (_, i) => `c${i}`),
    ];
    expect((await readBytes(`${reportHeader({ columns, records: true })}a\n`)).failure).toBeNull();
    expect((await readBytes(`${reportHeader({ columns: [...columns, 'x'], records: true })}a\n`)).failure?.code).toBe(
      'too_many_columns',
    );
  });

  it('of a report has no two names that are equal without their leading quotes, on the first opening and on resuming', async () => {
    for (const names of ["'\tsku", "'\tSku,note"]) {
      const header = `${HEADER},${names},_row,_file`;
      expect((await readBytes(`${header}\na\n`)).failure?.code).toBe('duplicate_column');
      expect((await readBytes(`${header.replace(',_row', '')}\na\n`)).failure).toBeNull();
    }
  });

  it('with names of more characters than are kept is record_too_large, whatever a report adds to them', async () => {
    const name = `=${'x'.repeat(limits.maxHeaderChars - HEADER.replaceAll(',', '').length - 1)}`;
    for (const header of [`${HEADER},${name}\n`, reportHeader({ columns: [...ORDER_COLUMNS, name], records: true })])
      expect((await readBytes(`${header}a\n`)).failure).toBeNull();
    const { failure } = await readBytes(`${HEADER},${name}x\na\n`);
    expect(failure).toMatchObject({ code: 'record_too_large', retryable: false, details: { row: 1 } });
    expect(failure!.message).toContain('65537');
  });
});
