/** Mistakes in the pipeline and in the embedded engines, each of which the simulator finds, or a test beside it. */
import type { Edit } from '../support/mutate.ts';

export interface Mutation {
  name: string;
  /** The call that gets most faults, where chance would pick it too seldom. */
  focus?: string;
  /** The test that finds it where chance would take too long. */
  foundBy?: string;
  edits: Edit[];
}

const ends = 'test/simulator/ends.test.ts';

const inStore = (find: RegExp, to: string): Edit => ({ below: 'src/adapters/order-store.sqlite', find, to });
const inPipeline = (find: RegExp, to: string): Edit => ({ below: 'src/pipeline', find, to });
const inModel = (find: RegExp, to: string): Edit => ({ below: 'src/model', find, to });

export const mutations: Mutation[] = [
  {
    name: 'a chunk is committed whatever the epoch',
    edits: [inStore(/ \|\| \w+\.epoch !== \w+\.epoch(?=\) throw claimLost\(\w+\.fileId\))/, '')],
  },
  {
    name: 'a chunk is committed whatever its number',
    edits: [
      inStore(/if \(\w+\.next_chunk === \w+\.n \+ 1\)/, 'if (false)'),
      inStore(/if \(\w+\.next_chunk !== \w+\.n\)/, 'if (false)'),
    ],
  },
  {
    name: 'a chunk that is committed again counts again',
    edits: [
      inStore(
        /return \{ \.\.\.(\w+), rejected, cancelRequested \};/,
        "db.prepare('update files set rows = rows + ?, accepted = accepted + ? where file_no = ?').run($1.accepted, $1.accepted, file.file_no); $&",
      ),
    ],
  },
  {
    name: 'the checkpoint lies behind the last row of a chunk that was not written',
    edits: [inStore(/(insertOrders\(db, \w+, \w+, )(\w+)(?=, \{)/, '$1$2.slice(0, 3)')],
  },
  {
    name: 'stock is taken without counting what the chunk has taken already',
    edits: [inStore(/if \((\w+) > (\w+)\.left\)/, 'if ($1 > ($2.level?.available ?? 0))')],
  },
  {
    name: 'stock that was taken for one file is not remembered for the next',
    edits: [inStore(/\w+\.available -= \w+;/, '')],
  },
  {
    name: 'an existing order is not searched for',
    edits: [inStore(/(=== 1 \? )\w+\(\w+\)(?= : undefined)/, '$1undefined')],
  },
  {
    name: 'the highest existing order is not searched for',
    edits: [inStore(/: countUpTo\(\w+, \w+, \w+\)(?=;)/, '$& - 1')],
  },
  {
    name: 'an order that its chunk has twice is not noticed',
    edits: [inStore(/(?<=\) )repeated\[.*\] = 1(?=;)/, 'continue')],
  },
  {
    name: 'a row that was taken by its bytes is an order whatever the inventory service says',
    edits: [inPipeline(/this\.#reject\(this\.#asked, \w+\)/, 'this.#packer.row(0)')],
  },
  {
    name: 'a claim neither sees the lease nor raises the epoch',
    edits: [
      inStore(/\w+\.status === 'processing' && \w+\.lease_until > \w+/, 'false'),
      inStore(/epoch = epoch \+ 1,/, ''),
      inStore(/(epoch: \w+\.epoch) \+ 1/, '$1'),
    ],
  },
  {
    name: 'a cancelled file forgets its rows',
    edits: [inStore(/(update files set status = 'cancelled',)/, '$1 rows = 0, accepted = 0, invalid = 0,')],
  },
  {
    name: 'a retried file begins at its first row',
    edits: [
      inStore(/(update files set status = 'queued',)/, '$1 next_chunk = 0, position_offset = 0, position_row = 0,'),
    ],
  },
  {
    name: 'stock is changed again by the same request',
    focus: 'store.stock.change',
    edits: [
      { below: 'src/adapters/order-store.sqlite/stock.ts', find: /if \(known\) \{/, to: 'if (known && false) {' },
    ],
  },
  {
    name: 'the message is deleted before the file has ended',
    edits: [inPipeline(/const \w+ = await ingest\(/, 'await queue.delete(receipt);\n$&')],
  },
  {
    name: 'a file that was preempted is not queued again',
    edits: [inPipeline(/await queue\.send\(\{ version: 1, fileId: claim\.fileId \}\);/, '')],
  },
  {
    name: 'the message of a file that another worker holds is deleted',
    edits: [inPipeline(/queue\.extend\((\w+), Math\.min\(queue\.visibilityMs, \w+\)\)/, 'queue.delete($1)')],
  },
  {
    name: 'the report ends with its first page',
    edits: [{ below: 'src/pipeline/report.ts', find: /\} while \(\w+ !== null\);/, to: '} while (false);' }],
  },
  {
    name: 'a file ends without its report',
    edits: [inPipeline(/(retry\('store', \(\) => .*files\.finish\(\w+, \{ \.\.\.end, )report \}/, '$1report: null }')],
  },
  {
    name: 'an outage of the inventory service rejects rows',
    edits: [
      inPipeline(
        /\w+\.retry\('ims', \(\) => (ims\.validate\((\w+), .*?\))\)/,
        '$1.catch(() => $2.map(() => ({ skuValid: false, hubValid: true })))',
      ),
    ],
  },
  {
    name: 'a cancel that comes while a file waits is an error',
    edits: [inPipeline(/if \(\w+\(error, 'cancelled'\)\)/, 'if (false)')],
  },
  {
    name: 'events are marked before they are published',
    edits: [inPipeline(/(await events\.publish!\(\w+\);)(\s*)(await outbox\.markPublished\(\w+\.id\);)/, '$3$2$1')],
  },
  {
    name: 'an event has the time of its publication',
    edits: [
      inPipeline(
        /events\.publish!\((\w+)\)/,
        'events.publish!({ ...$1, orders: $1.orders.map((order) => ({ ...order, createdAtMs: clock.now() })) })',
      ),
    ],
  },
  {
    name: 'the sweeper queues nothing',
    edits: [inPipeline(/await queue\.send\(\{ version: 1, fileId \}\);(?=\s*await store\.files\.touch)/, '')],
  },
  {
    name: 'the sweeper deletes the objects of files',
    edits: [inPipeline(/if \(await store\.files\.get\(\w+\.slice\(UPLOADS\.length\)\)\) continue;/, '')],
  },
  {
    name: 'an upload whose answer was lost loses its object',
    edits: [inPipeline(/if \(\w+ === null\) (?=await objects\.delete\(\w+\))/, '')],
  },
  {
    name: 'a message is moved to the dead-letter queue before its file has ended',
    edits: [
      inPipeline(
        /const \w+ = await store\.files\.close\(\w+, \{ status: 'failed', failure \}\);/,
        'await queue.deadLetter(delivery, message);\n$&',
      ),
    ],
  },
  {
    name: 'a file is given up without its report',
    edits: [inPipeline(/(await store\.files\.finish\(\w+, \{ \.\.\.end, )report \}/, '$1report: null }')],
  },
  {
    name: 'a file is given up too soon',
    edits: [inStore(/>= limits\.maxStrikes/, '$& - 1')],
  },
  {
    name: 'a file is never given up',
    edits: [inStore(/>= limits\.maxStrikes/, '< 0')],
  },
  {
    name: 'a chunk does not clear what its file is charged with',
    edits: [inStore(/(rejected_bytes = rejected_bytes \+ \?,) strikes = 0,/, '$1')],
  },
  {
    name: 'a retry does not clear what its file is charged with',
    edits: [inStore(/strikes = 0, (?=lease_until = 0)/, '')],
  },
  {
    name: 'a claim that is given back is charged',
    edits: [inStore(/strikes = max\(0, strikes - 1\), /, '')],
  },
  {
    name: 'a claim that is refused is charged',
    edits: [
      inStore(
        /(\w+)\.lease_until > \w+(?=\) return)/,
        "$& && db.prepare('update files set strikes = strikes + 1 where file_no = ?').run($1.file_no)",
      ),
    ],
  },
  {
    name: 'an outage is charged',
    edits: [inPipeline(/if \(endBy\(error\)\) throw error;/, 'throw error;')],
  },
  {
    name: 'a file that may crash the worker is worked on beside others',
    edits: [inPipeline(/\(\w+ \|\| .*'exclusive'\) && !\(await \w+\.becomeExclusive\(\w+\)\)/, 'false')],
  },
  {
    name: 'a file is begun beside one that is worked on alone',
    edits: [inPipeline(/\((\w+) \|\| .*'exclusive'\)(?= && !\(await)/, '$1')],
  },
  {
    name: 'a redrive skips a file when the store does not respond',
    focus: 'store.files.requeue',
    edits: [
      inPipeline(/if \(isOmsError\(error\) && !error\.retryable\) return null/, 'if (isOmsError(error)) return null'),
    ],
  },
  {
    name: 'a redrive brings back only the files whose message is dead',
    foundBy: ends,
    edits: [
      inPipeline(/let files = 0;/, '$& const bodies = await queue.redrive();'),
      inPipeline(/failure\?\.code !== 'internal'/, '$& || !bodies.some((body) => body.includes(fileId))'),
    ],
  },
  {
    name: 'a report is named without its number of rows',
    foundBy: ends,
    edits: [
      inModel(/\(\{ name, rows \}: Pick<ReportRecord, 'name' \| 'rows'>\)/, '({ name }: ReportRecord, rows = 0)'),
    ],
  },
  {
    name: 'a cancel is noticed in the middle of a chunk',
    edits: [inStore(/(insertOrders\(db, \w+, \w+, )(\w+)(?=, \{)/, '$1cancelRequested ? $2.slice(0, 1) : $2')],
  },
  {
    name: 'a cancel that a commit reports is dropped when the object cannot be read',
    foundBy: ends,
    edits: [inPipeline(/await committing(?=;\s*throw error;)/, 'await committing.catch(() => {})')],
  },
  {
    name: 'a cancel that a commit reports is ignored',
    edits: [inPipeline(/if \(\w+\.cancelRequested && !\w+\)/, 'if (false)')],
  },
];
