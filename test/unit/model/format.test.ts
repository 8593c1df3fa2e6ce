/** What a format may say: every mistake has a path and words, and what is not said has a default. */
import { expect, test } from 'vitest';
import { ORDER_COLUMNS } from '../../../src/model/columns.ts';
import { formatSchema, keysOf } from '../../../src/model/format.ts';
import { PRESETS } from '../../../src/model/presets.ts';

const columns = Object.fromEntries(
  ORDER_COLUMNS.filter((name) => name !== 'total_amount').map((name) => [name, { from: `My ${name}` }]),
);
const minimal = { name: 'acme', columns };

const acme = {
  name: 'acme',
  header: { skip_rows: 2 },
  columns: {
    ...columns,
    customer_name: { from: ['Ship Name', 'Bill Name'] },
    hub_id: { value: 'HUB-1' },
    shipping_address: { join: ['Address1', 'City', 'Zip', 'Country'], with: ', ' },
    unit_price: { from: 'Line total', divide_by: 'quantity' },
    total_amount: { compute: true },
  },
  numbers: { decimal: ',', group: '.', currency: 'EUR' },
  dates: ['dd.MM.yyyy', "yyyy-MM-dd'T'HH:mm:ssXXX"],
  time_zone: 'Europe/Berlin',
  lines: 'adjacent',
  total: 'order',
  only: { column: 'Financial Status', in: ['paid'] },
  encoding: 'windows-1252',
  delimiter: ';',
};

test('a format that says all and one that says little are taken, with defaults for what is not said', () => {
  expect(formatSchema.parse(acme)).toEqual({ ...acme, header: { skip_rows: 2, columns: null } });
  expect(formatSchema.parse(minimal)).toEqual({
    name: 'acme',
    header: { skip_rows: 0, columns: null },
    columns: { ...columns, total_amount: { compute: true } },
    numbers: { decimal: '.', group: '', currency: null },
    dates: [],
    time_zone: null,
    lines: 'rows',
    total: 'line',
    only: null,
    encoding: null,
    delimiter: null,
  });
});

test('its columns are known by keys, the one that selects rows included', () => {
  expect([...keysOf(formatSchema.parse(acme))]).toEqual(
    expect.arrayContaining(['shipname', 'billname', 'address1', 'linetotal', 'financialstatus', 'mysku']),
  );
});

const withColumns = (more: object) => ({ ...minimal, columns: { ...columns, ...more } });

test.each<[what: string, format: unknown, path: string, words: RegExp]>([
  ['no object', [], '', /expected object/],
  ['no name', { columns }, 'name', /expected string/],
  ['a name with a slash', { ...minimal, name: '../x' }, 'name', /is not 1 to 64 of/],
  ['no columns', { name: 'acme' }, 'columns', /expected object/],
  ['an empty list of columns', { name: 'acme', columns: {} }, 'columns.order_id', /is missing: say which column/],
  ['a column less', withColumns({ sku: undefined }), 'columns.sku', /is missing/],
  ['an unknown column', withColumns({ color: { from: 'x' } }), 'columns', /Unrecognized key: "color"/],
  ['an unknown member', { ...minimal, regex: '.*' }, '', /Unrecognized key: "regex"/],
  ['two sources', withColumns({ sku: { from: 'a', value: 'b' } }), 'columns.sku', /exactly one of/],
  ['no source', withColumns({ sku: {} }), 'columns.sku', /exactly one of/],
  ['no names', withColumns({ sku: { from: [] } }), 'columns.sku.from', /names no column/],
  ['21 names', withColumns({ sku: { from: 'abcdefghijklmnopqrstu'.split('') } }), 'columns.sku.from', /1 to 20/],
  ['a name twice', withColumns({ sku: { join: ['A-b', 'a B'] } }), 'columns.sku.join', /twice/],
  ['a name of a report', withColumns({ sku: { from: '_row' } }), 'columns.sku.from', /starts with _/],
  ['a name of nothing', withColumns({ sku: { from: ' - ' } }), 'columns.sku.from', /not the name/],
  ['a long name', withColumns({ sku: { from: 'x'.repeat(501) } }), 'columns.sku.from', /longer than 500/],
  ['with beside from', withColumns({ sku: { from: 'a', with: ',' } }), 'columns.sku', /goes with join/],
  ['a computed id', withColumns({ sku: { compute: true } }), 'columns.sku', /only total_amount/],
  [
    'a divided total',
    withColumns({ total_amount: { from: 'a', divide_by: 'quantity' } }),
    'columns.total_amount',
    /only unit_price/,
  ],
  [
    'division by another',
    withColumns({ unit_price: { from: 'a', divide_by: 'sku' } }),
    'columns.unit_price.divide_by',
    /quantity/,
  ],
  ['an empty constant', withColumns({ hub_id: { value: ' ' } }), 'columns.hub_id.value', /is empty/],
  ['a constant of another form', withColumns({ quantity: { value: '1,5' } }), 'columns.quantity.value', /whole number/],
  ['one sign for both', { ...minimal, numbers: { decimal: ',', group: ',' } }, 'numbers', /same sign/],
  ['a currency in words', { ...minimal, numbers: { currency: 'Euro' } }, 'numbers.currency', /code of a currency/],
  ['letters that are no part of a date', { ...minimal, dates: ['dd. MMMM yyyy'] }, 'dates.0', /has MMMM/],
  ['an open quote', { ...minimal, dates: ["dd.MM.yyyy'"] }, 'dates.0', /not closed/],
  ['no year', { ...minimal, dates: ['dd.MM'] }, 'dates.0', /lacks the year/],
  ['numbers without a border', { ...minimal, dates: ['dMyyyy'] }, 'dates.0', /nothing between them/],
  ['dates of two meanings', { ...minimal, dates: ['d/M/yyyy', 'MM/dd/yyyy'] }, 'dates', /two meanings/],
  ['digits of two meanings', { ...minimal, dates: ['yyyyMMdd', 'ddMMyyyy'] }, 'dates', /two meanings/],
  ['eleven dates', { ...minimal, dates: Array(11).fill('dd.MM.yyyy') }, 'dates', /<=10/],
  ['a zone that is none', { ...minimal, time_zone: 'Berlin' }, 'time_zone', /IANA/],
  ['a total of orders for rows', { ...minimal, total: 'order' }, 'total', /lines: adjacent/],
  ['101 rows above', { ...minimal, header: { skip_rows: 101 } }, 'header.skip_rows', /<=100/],
  ['an encoding that is none', { ...minimal, encoding: 'ebcdic' }, 'encoding', /is not an encoding/],
  ['a delimiter that is none', { ...minimal, delimiter: '::' }, 'delimiter', /Invalid option/],
  ['no text to select by', { ...minimal, only: { column: 'a', in: [] } }, 'only.in', />=1/],
  ['more bytes than a format has', { ...minimal, header: { columns: Array(200).fill('x'.repeat(500)) } }, '', /65536/],
])('%s', (_, format, path, words) => {
  const issues = formatSchema.safeParse(format).error?.issues ?? [];
  const found = issues.find((issue) => issue.path.join('.') === path);
  expect(found?.message ?? issues).toMatch(words);
});

test('presets are formats by their own names', () => {
  for (const [name, preset] of PRESETS) expect(formatSchema.parse(preset)).toEqual({ ...preset, name });
});
