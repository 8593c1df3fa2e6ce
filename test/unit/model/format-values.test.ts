/** Names, numbers and dates as formats declare them. */
import { expect, test } from 'vitest';
import { nameKey } from '../../../src/model/column-names.ts';
import { createPatternReader, type DatePattern, parseDatePattern } from '../../../src/model/date-pattern.ts';
import { createAmountReader, createQuantityReader, type NumberForm } from '../../../src/model/locale-numbers.ts';

test.each([
  ['Order No', 'order_no'],
  ['ORDER-NO', 'orderno'],
  ['Größe', 'GROSSE'.replace('SS', 'ß').replace('O', 'Ö')],
  ['Prénom', 'prenom'],
  ['Año ', 'ano'],
  ['\ufeffSKU\u200b', 'sku'],
  ['ＳＫＵ', 'sku'],
])('%s is %s', (a, b) => expect(nameKey(a)).toBe(nameKey(b)));

test('other names differ', () => {
  expect(nameKey('Order No.')).not.toBe(nameKey('Order No'));
  expect(nameKey(' _-')).toBe('');
});

const german: NumberForm = { decimal: ',', group: '.', currency: 'EUR' };
const swiss: NumberForm = { decimal: '.', group: "'", currency: 'CHF' };
const french: NumberForm = { decimal: ',', group: ' ', currency: null };
const plain: NumberForm = { decimal: '.', group: '', currency: null };

test.each<[NumberForm, string, string | null]>([
  [german, '1.234,50', '1234.50'],
  [german, '1234,5', '1234.5'],
  [german, '1.234.567', '1234567'],
  [german, '€ 12,00', '12.00'],
  [german, '12,00 €', '12.00'],
  [german, '12,00\u00a0EUR', '12.00'],
  [german, 'EUR12', '12'],
  [german, '12.50', null],
  [german, '1.23,00', null],
  [german, '0.123', null],
  [german, '12,', null],
  [german, ',5', null],
  [german, '-12,00', null],
  [german, '€12,00 €', null],
  [german, '$12,00', null],
  [german, '12 000,00', null],
  [german, '', null],
  [swiss, "1'234.50", '1234.50'],
  [swiss, '1’234.50', '1234.50'],
  [swiss, 'Fr. 5.00', '5.00'],
  [french, '1 234,50', '1234.50'],
  [french, '1\u202f234,50', '1234.50'],
  [french, '12,00 €', null],
  [plain, '12.50', '12.50'],
  [plain, '1,234.50', null],
])('an amount of %o: %s is %s', (form, text, amount) => expect(createAmountReader(form)(text)).toBe(amount));

test.each<[NumberForm, string, string | null]>([
  [german, '1.000', '1000'],
  [german, '12', '12'],
  [german, '2,0', null],
  [german, '2 €', null],
])('a quantity of %o: %s is %s', (form, text, quantity) => expect(createQuantityReader(form)(text)).toBe(quantity));

test.each<[pattern: string, text: string, date: string | null]>([
  ['dd.MM.yyyy', '01.02.2026', '2026-02-01'],
  ['MM/dd/yyyy', '01/02/2026', '2026-01-02'],
  ['d/M/yy', '1/2/26', '2026-02-01'],
  ['d/M/yy', '11/12/26', '2026-12-11'],
  ['dd.MM.yyyy', '1.2.2026', null],
  ['dd.MM.yyyy', '01.02.26', null],
  ['dd.MM.yyyy', '31.02.2026', '2026-02-31'],
  ['dd.MM.yyyy HH:mm', '01.02.2026 14:03', '2026-02-01T14:03'],
  ['dd.MM.yyyy HH:mm', '01.02.2026\u00a014:03', '2026-02-01T14:03'],
  ["dd.MM.yyyy 'um' H:mm 'Uhr'", '01.02.2026 um 9:03 Uhr', '2026-02-01T09:03'],
  ['M/d/yyyy h:mm a', '2/1/2026 12:03 am', '2026-02-01T00:03'],
  ['M/d/yyyy h:mm a', '2/1/2026 1:03 PM', '2026-02-01T13:03'],
  ['M/d/yyyy h:mm a', '2/1/2026 13:03 PM', '2026-02-01T99:03'],
  ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2026-02-01T14:03:00.123+01:00', '2026-02-01T14:03:00.123+01:00'],
  ['yyyyMMdd', '20260201', '2026-02-01'],
  ['yyyy.MM.dd', '2026x02x01', null],
])('a date as %s: %s is %s', (pattern, text, date) =>
  expect(createPatternReader(parseDatePattern(pattern) as DatePattern)(text)).toBe(date),
);
