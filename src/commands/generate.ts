/** `oms generate`: a realistic order file of any size on standard output, and the stock and catalog it is about. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { OmsError } from '../errors.ts';
import { expectedInvalidByCode, generateCatalog, generateOrders, generateStock } from '../generate.ts';

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string' },
      invalid: { type: 'string', default: '5%' },
      seed: { type: 'string', default: '1' },
      ids: { type: 'string', default: 'ordered' },
      stock: { type: 'boolean', default: false },
      catalog: { type: 'boolean', default: false },
    },
  });
  if (values.stock || values.catalog) {
    process.stdout.write(values.stock ? generateStock() : generateCatalog());
    return 0;
  }
  const options = {
    rows: wholeNumber('rows', values.rows ?? ''),
    invalidShare: share(values.invalid),
    seed: wholeNumber('seed', values.seed),
    ids: ids(values.ids),
  };
  for (const block of generateOrders(options)) if (!process.stdout.write(block)) await once(process.stdout, 'drain');
  const expected = Object.entries(expectedInvalidByCode(options)).filter(([, count]) => count > 0);
  const total = expected.reduce((sum, [, count]) => sum + count, 0);
  process.stderr.write(
    `${options.rows} rows, ${total} of them invalid${expected.map(([code, count]) => `\n  ${code.padEnd(20)}${count}`).join('')}\n`,
  );
  return 0;
}

function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,10}$/.test(value)) throw new OmsError('invalid_option', `--${name} "${value}" is not a whole number`);
  return Number(value);
}

function share(value: string): number {
  const parsed = /^(\d{1,3}(?:\.\d+)?)%$/.exec(value);
  const percent = parsed ? Number(parsed[1]) : Number.NaN;
  if (!(percent <= 100)) throw new OmsError('invalid_option', `--invalid "${value}" is not a share such as 5%`);
  return percent / 100;
}

function ids(value: string): 'ordered' | 'random' {
  if (value !== 'ordered' && value !== 'random')
    throw new OmsError('invalid_option', `--ids "${value}" is neither ordered nor random`);
  return value;
}
