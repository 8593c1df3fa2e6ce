/** Mistakes in the pipeline and in the embedded engines, each of which the simulator finds, or a test beside it. */
import type { Edit } from '../support/mutate.ts';

export interface Mutation {
  name: string;
  /** The call that gets most faults, where chance would pick it too seldom. */
  focus?: string;
  /** The test that finds it where chance would take too long. */
  foundBy?: string;
  /** The simulation that finds it, where it is not that of the pipeline: `changes`, in which clients change orders, or `finalizer`. */
  simulation?: 'changes' | 'finalizer' | undefined;
  edits: Edit[];
}

const ends = 'test/simulator/ends.test.ts';

const inStore = (find: RegExp, to: string): Edit => ({ below: 'src/adapters/order-store.sqlite', find, to });
const inPipeline = (find: RegExp, to: string): Edit => ({ below: 'src/pipeline', find, to });
const inFinalizer = (find: RegExp, to: string): Edit => ({ below: 'src/pipeline/finalizer', find, to });
const inModel = (find: RegExp, to: string): Edit => ({ below: 'src/model', find, to });

const ofChanges: Mutation[] = [
  {
    name: 'the outcome of a request is not kept under its key',
    edits: [inStore(/kept\.record\(request, outcome, nowMs\);/, '')],
  },
  {
    name: 'a key is not looked for before the request is judged',
    edits: [inStore(/if \(before !== null\) return before;/, 'void before;')],
  },
  {
    name: 'another request under a used key gets the outcome of the first',
    edits: [inStore(/if \((\w+)\.fingerprint !== (\w+)\.fingerprint\) return keyReused\(\);/, '')],
  },
  {
    name: 'a request of an order that was deleted since gets its former outcome',
    edits: [inStore(/if \(row\.status === DELETED\) return null;/, '')],
  },
  {
    name: 'the order of a repeated request is the one that it is now',
    edits: [
      inStore(
        /order: histories\.orderAt\(row, kept\.version\)/,
        'order: histories.orderAt(row, row.more === null ? 1 : JSON.parse(row.more)[0])',
      ),
    ],
  },
  {
    name: 'requests are judged by the order as it was before others changed it',
    edits: [
      inStore(
        /const row = histories\.find\(request\.orderId\);/,
        'const seen = ((histories as any).seen ??= new Map()); const row = seen.get(request.orderId) ?? histories.find(request.orderId); seen.set(request.orderId, row);',
      ),
    ],
  },
  {
    name: 'a creation that waits is not seen by the next request of its call',
    edits: [inStore(/if \(created\.concern\(request\)\) insertCreated\(\);/, '')],
  },
  {
    name: 'a change has the number of the event before it',
    edits: [inStore(/write\.change\(\+\+seq,/, 'write.change(seq,')],
  },
  {
    name: 'the number of a change is not counted for the next',
    edits: [
      {
        below: 'src/adapters/order-store.sqlite/sequence.ts',
        find: /coalesce\(\(select max\(seq\) from order_changes\), 0\)/,
        to: '0',
      },
    ],
  },
  {
    name: 'sums do not follow changes',
    edits: [inStore(/sums\.move\(current, judged\.plan\.next\);/, '')],
  },
  {
    name: 'sums keep what an order was before its change',
    edits: [inStore(/if \(before\) count\(before, -1\);/, '')],
  },
  {
    name: 'the sums of a call are added again with the next',
    edits: [
      inStore(/sums\.forget\(\);/, ''),
      inStore(/(for \(const \[name, minor\] of amounts\) addAmount\(name, minor\);)\s*this\.forget\(\);/, '$1'),
    ],
  },
  {
    name: 'stock that a change takes is only checked',
    edits: [inStore(/stock\.write\(\);(?=\s*sums\.write\(\);)/, '')],
  },
  {
    name: 'stock that the requests of a call have taken before is not counted',
    edits: [inStore(/level\.available - \(this\.#taken\.get\(level\) \?\? 0\)/, 'level.available')],
  },
  {
    name: 'only the first item of a change must be available',
    edits: [inStore(/moves\.some\((?=\(\{ sku, hubId, quantity \}\) => quantity >)/, 'moves.slice(0, 1).some(')],
  },
  {
    name: 'the items of an edit are added to those before it',
    edits: [
      inStore(/deleteItems\.run\(orderNo\);/, ''),
      inStore(/insert into order_items(?= \(order_no)/, 'insert or replace into order_items'),
    ],
  },
  {
    name: 'whether an order holds stock is not stored with its change',
    edits: [inStore(/const stateNow = \[order\.status, holdsStock \? 1 : 0,/, 'const stateNow = [order.status, 1,')],
  },
  {
    name: 'the content of a deleted order stays in its history',
    edits: [inStore(/if \(deleted\) eraseChanges\.run\(orderNo\);/, '')],
  },
  {
    name: 'the event of a creation says what the order is now',
    edits: [inStore(/found\.more === null(?=\s*\? orderCreated)/, 'true')],
  },
  {
    name: 'the content of an order is not compared with the one that is there',
    edits: [
      inModel(
        /if \(fields\.length === 0\)(?= return \{ answer: \{ outcome: 'unchanged', order: current\.order)/,
        'if (fields.length >= 0)',
      ),
    ],
  },
  {
    name: 'the version that a client has seen is not compared',
    edits: [inModel(/if \(request\.ifMatch !== null && /, 'if (false && ')],
  },
  {
    name: 'the hubs that a client is limited to are not looked at',
    edits: [inModel(/within === null \|\| \(!deleted/, 'true || (!deleted')],
  },
  {
    name: 'the workflow is not asked whether there is a way',
    edits: [inModel(/if \(!allowed\.includes\(status\)\)/, 'if (!allowed)')],
  },
  {
    name: 'a cancelled order gives its stock back again when it is deleted',
    edits: [inModel(/holdsStock: holdsStock && !back,/, 'holdsStock,')],
  },
  {
    name: 'a cancelled order keeps its stock',
    edits: [inModel(/moves: back \? movesBetween\(order\.items, \[\]\) : \[\]/, 'moves: []')],
  },
  {
    name: 'an order that took no stock gives some back when it is cancelled',
    edits: [inModel(/const back = holdsStock && /, 'const back = ')],
  },
  {
    name: 'an edit of an order that took no stock takes some',
    edits: [inModel(/const moves = holdsStock \? (movesBetween\(order\.items, [\w.]+\)) : \[\];/, 'const moves = $1;')],
  },
  {
    name: 'a deletion gives nothing back',
    edits: [inModel(/moves: holdsStock \? movesBetween\(order\.items, \[\]\) : \[\]/, 'moves: []')],
  },
  {
    name: 'an undo takes back orders that somebody has moved on',
    edits: [inModel(/!untouched \|\| /, '')],
  },
  {
    name: 'an undone order keeps its stock',
    edits: [inModel(/moves: givesStock \? movesBetween\(order\.items, \[\]\) : \[\]/, 'moves: []')],
  },
  {
    name: 'any cancelled order is taken again',
    edits: [inStore(/undone: row\.undone_bytes !== null && .*,/, "undone: row.status === 'cancelled',")],
  },
  {
    name: 'an order that is taken again stays with the file that it came from',
    edits: [inStore(/moveSource\.run\(fileNo, order\.row \?\? 0, orderNo\);/, 'void fileNo;')],
  },
  {
    name: 'an order that a row takes again stays in the sums as it was',
    edits: [inStore(/formerSums\.write\(\);/, '')],
  },
  {
    name: 'an edit only takes, and gives nothing back',
    edits: [inModel(/for \(const item of before\) add\(item, -1\);/, 'void before;')],
  },
].map((mutation) => ({ ...mutation, simulation: 'changes' }));

const ofTheFinalizer: Mutation[] = [
  {
    name: 'a decision is carried out whatever the order is by now',
    edits: [inFinalizer(/ifMatch: \[order\.version\],/, 'ifMatch: null,')],
  },
  {
    name: 'a decision that the order was too new for is dropped',
    edits: [inFinalizer(/return outcome!\.outcome !== 'refused' \|\| /, "return outcome!.outcome === 'refused' || ")],
  },
  {
    name: 'an order that came back to where it began is decided on once more',
    edits: [inFinalizer(/found\.changes\.some\(\(\{ kind \}\) => kind === 'status_changed'\)/, 'false')],
  },
  {
    name: 'an order is cancelled when it is to be confirmed',
    edits: [inFinalizer(/finalize!\[decision\]/, 'finalize!.cancel')],
  },
  {
    name: 'the position moves before the orders are decided on',
    edits: [inFinalizer(/moved = Promise\.all\(\[handled, moved\]\)/, 'moved = Promise.all([moved])')],
  },
  {
    name: 'the position moves past batches that are still in work',
    edits: [inFinalizer(/moved = Promise\.all\(\[handled, moved\]\)/, 'moved = Promise.all([handled])')],
  },
  {
    name: 'the position moves although the work was broken off',
    edits: [inFinalizer(/if \(!signal\.aborted\) (?=await finalizing\.move\(cursor\))/, '')],
  },
  {
    name: 'an order that is to wait is kept behind the back of the position',
    edits: [inFinalizer(/if \(kept\) await finalizing\.keep/, 'if (kept) void finalizing.keep')],
  },
  {
    name: 'an order that is to wait is not kept',
    edits: [inFinalizer(/if \(kept\) await finalizing\.keep\(kept\);/, 'if (kept) return;')],
  },
  {
    name: 'an order that was decided on stays among the kept ones',
    edits: [inFinalizer(/else if \(isKept\) await finalizing\.forget\(asked\.orderId\);/, '')],
  },
  {
    name: 'an order is forgotten before it is decided on',
    edits: [
      inFinalizer(
        /const kept = await this\.#settle\(asked, signal\);/,
        'if (isKept) await this.#ports.store.finalizing.forget(asked.orderId);\n    $&',
      ),
    ],
  },
  {
    name: 'an order is forgotten although its decision was broken off',
    edits: [inFinalizer(/if \(signal\.aborted\) return;(?=\s*const \{ finalizing \})/, '')],
  },
  {
    name: 'orders that wait are not asked about again',
    edits: [
      {
        below: 'src/pipeline/finalizer.ts',
        find: /await Promise\.all\(due\.map\(.*\)\);/,
        to: '',
      },
    ],
  },
  {
    name: 'the error of a batch is dropped',
    edits: [inFinalizer(/failing\.abort\(error\)/, 'void error')],
  },
  {
    name: 'without a decision service an order is confirmed whatever it is by now',
    edits: [inFinalizer(/ifMatch: \[version\],\s*key: null/, 'ifMatch: null, key: null')],
  },
  {
    name: 'without a decision service an order that was edited is left',
    edits: [
      inFinalizer(
        /outcome\.refusal\.code === 'version_mismatch';(?=\s*\}\);\s*const current)/,
        "outcome.refusal.code === 'not_found';",
      ),
    ],
  },
].map((mutation) => ({ ...mutation, simulation: 'finalizer' }));

export const mutations: Mutation[] = [
  {
    name: 'a chunk is committed whatever the epoch',
    edits: [inStore(/ \|\| \w+\.epoch !== epoch(?=\) throw claimLost\(fileId\))/, '')],
  },
  {
    name: 'a chunk is committed whatever its number',
    edits: [inStore(/if \(\w+\.next_chunk === n\)/, 'if (true)')],
  },
  {
    name: 'a chunk that is committed again counts again',
    edits: [
      inStore(
        /return \{ file, done: \{ \.\.\.(\w+), /,
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
    edits: [
      {
        below: 'src/pipeline/report.ts',
        find: /\(page\) => (store\.rejections\.list\(.*?, page\))/,
        to: 'async (page) => ({ ...(await $1), next: null })',
      },
    ],
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
    edits: [inPipeline(/if \(await store\.files\.get\(fileOfUpload\(\w+\)\)\) continue;/, '')],
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
    edits: [inStore(/strikes = max\(0, strikes - 1\), (?=waiting_for)/, '')],
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
    edits: [inPipeline(/= askedStop\((?=result\))/, '= false && askedStop(')],
  },

  ...ofChanges,
  ...ofTheFinalizer,
];
