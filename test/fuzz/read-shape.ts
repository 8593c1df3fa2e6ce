/**
 * A process that reads a shape of so many bytes, validates it and builds the lines of its report, and prints as JSON the result and its
 * peak memory. The caller bounds its heap:
 * `node --max-old-space-size=128 test/fuzz/read-shape.ts 'line ends' 1073741824`
 */
import { Readable } from 'node:stream';
import { limits } from '../../src/limits.ts';
import { isFileFailure } from '../../src/model/file-failure.ts';
import { readFile } from '../../src/pipeline/read/read-file.ts';
import { boundsOf, rowsOf } from '../../src/pipeline/read/row-collector.ts';
import { reportLine } from '../../src/pipeline/report.ts';
import { createRowValidator, toRejection } from '../../src/pipeline/validate.ts';
import { SHAPES } from './shapes.ts';

const [name, bytes] = process.argv.slice(2) as [string, string];
const { first, block } = SHAPES[name]!;
const blocks = Math.max(1, Math.ceil(Number(bytes) / block.length));

function* pieces(): Generator<Buffer> {
  yield first;
  for (let i = 0; i < blocks; i++) yield block;
}

const source = {
  sizeBytes: first.length + blocks * block.length,
  open: async () => Readable.from(pieces()),
};
let rows = 0;
let accepted = 0;
let reportChars = 0;
let ends: string | null = null;
try {
  const file = await readFile(source, null, { maxInflatedBytes: 10 * 1024 ** 3 }, boundsOf(limits.maxPartRows));
  const { header, intake } = file;
  const validate = createRowValidator(header, { timeZone: 'UTC' });
  const form = { columns: header.columns, records: true };
  for await (const part of rowsOf(file)) {
    rows += part.length;
    for (const raw of part) {
      const checked = validate(raw);
      if (checked.order !== null) accepted++;
      else reportChars += reportLine(toRejection(checked, header, intake.delimiter), 'f', form).length;
    }
  }
} catch (error) {
  if (!isFileFailure(error)) throw error;
  ends = error.code;
}
// In KiB.
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ ends, rows, accepted, reportChars, peakMiB: Math.round(maxRSS / 1024) }));
