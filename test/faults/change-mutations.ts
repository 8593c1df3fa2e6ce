/** Mistakes in the changes of orders on MongoDB, each of which the fault matrix of changes finds. */
import type { Edit } from '../support/mutate.ts';
import type { Meanwhile } from './change-faults.ts';
import type { Fate } from './change-process.ts';

export interface ChangeMutation {
  name: string;
  /** A scenario that finds it; where no fate is given, without any fault. */
  scenario: string;
  at?: Fate | Meanwhile;
  edits: Edit[];
}

const inFile =
  (file: string) =>
  (find: RegExp, to: string): Edit => ({ below: `src/adapters/order-store.mongo/${file}.ts`, find, to });
const inChange = inFile('change-order');
const inTickets = inFile('stock-tickets');
const inLanes = inFile('stock-lanes');
const inSwap = inFile('swap-order');
const inRefusals = inFile('refuse-change');
const inKeys = inFile('request-keys');
const inSweeper = inFile('sweep-tickets');
const inInserts = inFile('insert-orders');
const inPublisher = inFile('publish-changes');
const inErasure = inFile('erasure');
const inPlans = inFile('blank-plans');

const GIVES_BACK = 'reservation.moves.every(({ take }) => take === 0)';

export const changeMutations: ChangeMutation[] = [
  // The reservation.
  {
    name: 'a change takes what is not there',
    scenario: 'a creation without stock',
    edits: [inLanes(/\.\.\.\(sum > 0 && \{ available: \{ \$gte: sum \} \}\), /, '')],
  },
  {
    name: 'a change is made although one of its rows is short',
    scenario: 'a creation without stock',
    edits: [inTickets(/reserved\.every\(/, 'reserved.some(')],
  },
  {
    name: 'of several rows all count as reserved',
    scenario: 'a creation without stock',
    edits: [
      inLanes(
        /matchedCount === writes\.length \? \[\] : await this\.#unmatched\(writes\)/,
        'matchedCount === 0 ? writes : []',
      ),
    ],
  },
  {
    name: 'two reservations in one write take for one of them alone',
    scenario: 'two creations together',
    edits: [
      inLanes(
        /reduce\(\(total, \{ content \}\) => total \+ content\.q, 0\)/,
        'reduce((total, { content }) => Math.max(total, content.q), 0)',
      ),
    ],
  },
  {
    name: 'a ticket is used again after a reservation that failed',
    scenario: 'a creation',
    at: 'error, and applied at the end',
    edits: [inTickets(/ticket: newTicket\(\)(?=, orderId)/, 'ticket: Buffer.from(orderId).toString("base64url")')],
  },
  {
    name: 'a reservation that the server repeats takes again',
    scenario: 'a creation',
    at: 'carried out twice',
    edits: [inLanes(/, \.\.\.each\(changes, \{ \$exists: false \}\)/, '')],
  },
  {
    name: 'a change that only gives back has no tickets',
    scenario: 'a cancellation',
    at: 'killed after',
    edits: [
      inChange(/reserved = (await \(reserving\?\.reserved .*\));/, `reserved = ${GIVES_BACK} || ($1);`),
      inChange(
        /(?=await tickets\.settle\(reservation, made \?)/,
        `if (made && ${GIVES_BACK}) await tickets.reserve(reservation);\n  `,
      ),
    ],
  },
  {
    name: 'stock is given back before the change is made',
    scenario: 'a cancellation',
    at: 'a rival goes on',
    edits: [
      inChange(
        /if \(!reserved\) return refuseForStock/,
        `if (${GIVES_BACK}) await tickets.settle(reservation, 'made');\n  $&`,
      ),
    ],
  },
  {
    name: 'tickets are used up whether they are there or not',
    scenario: 'a cancellation',
    at: 'answer lost',
    edits: [inLanes(/(const filter = \{ _id: key), \.\.\.each\(changes, \{ \$exists: true \}\)/, '$1')],
  },

  // The swap.
  {
    name: 'an order is changed whatever it is by now',
    scenario: 'a cancellation',
    at: 'a rival goes on',
    edits: [inSwap(/orders\.updateOne\(asRead\(before\), /, 'orders.updateOne({ _id: before._id }, ')],
  },
  {
    name: 'a creation replaces the order that is there by now',
    scenario: 'a creation',
    at: 'a rival goes on',
    edits: [
      inSwap(
        /await orders\.insertOne\(document\);/,
        'await orders.replaceOne({ _id: document._id }, document, { upsert: true });',
      ),
    ],
  },
  {
    name: 'a swap that got no answer is taken for one that was not made',
    scenario: 'a creation',
    at: 'answer lost',
    edits: [inSwap(/if \(!\(failure instanceof OmsError\)\) throw error;/, '$& return false;')],
  },
  {
    name: 'a swap that met nothing is taken for one that was not made',
    scenario: 'a creation',
    at: 'error, and applied before the next of its kind',
    edits: [inSwap(/if \(await write\(\)\) return true;/, 'return await write();')],
  },
  {
    name: 'a swap that may still be under way is given up',
    scenario: 'an edit',
    at: 'error, and applied at the end',
    edits: [inSwap(/if \(revOf\(after\) !== reservation\.rev\) return false;/, 'return false;')],
  },
  {
    name: 'the stock of a change of which nothing is known is given back',
    scenario: 'a creation',
    at: 'answer lost, and no answer about orders after it',
    edits: [inChange(/tickets\.leave\(reservation\);/, "await tickets.settle(reservation, 'not made');")],
  },
  {
    name: 'a deletion removes the order',
    scenario: 'a deletion',
    edits: [
      inSwap(
        /return matchedCount === 1;/,
        'if (matchedCount === 1 && next.deleted) await orders.deleteOne({ _id: before._id });\n    $&',
      ),
    ],
  },
  {
    name: 'a deleted order forgets its history',
    scenario: 'a deletion',
    at: 'killed after',
    edits: [inSwap(/log: \[\.\.\.\(before\.log \?\? \[\]\)\.map\(withoutContent\), entry\],/, 'log: [],')],
  },

  // Requests under a key.
  {
    name: 'the log is not asked whether the request was carried out',
    scenario: 'a creation',
    edits: [inKeys(/if \(entry\) \{/, 'if (entry && !document) {')],
  },
  {
    name: 'the refusals are not asked whether the request was refused',
    scenario: 'a creation without stock',
    edits: [inKeys(/if \(!answered\) return null;/, 'if (answered || !answered) return null;')],
  },
  {
    name: 'a refusal is not recorded',
    scenario: 'an edit without stock',
    edits: [inRefusals(/if \(answer === null\) return true;/, 'if (answer || !answer) return true;')],
  },
  {
    name: 'a refused creation leaves nothing at its id',
    scenario: 'a creation of the last units',
    at: 'it is asked again',
    edits: [inRefusals(/if \(document === null\) \{/, '$& if (answer) return true;')],
  },
  {
    name: 'a refusal does not hold up other attempts of its request',
    scenario: 'an edit that takes the last units',
    at: 'it is asked again',
    edits: [inRefusals(/\$set: \{ rev: revOf\(document\) \+ 1 \},/, '')],
  },
  {
    name: 'a refusal is recorded whatever the order is by now',
    scenario: 'an edit without stock',
    at: 'it is asked again',
    edits: [inRefusals(/orders\.updateOne\(asRead\(document\), /, 'orders.updateOne({ _id: document._id }, ')],
  },

  // The sweeper.
  {
    name: 'the sweeper does not hold up a change that stands still',
    scenario: 'an edit',
    at: 'the sweeper goes on',
    edits: [
      inSweeper(/await fence\(\{ orders \}, o, order\);/, 'if (!order) await fence({ orders }, o, order);'),
      inSweeper(/if \(quantity === null && revOf\(order\) === r\) return;/, ''),
    ],
  },
  {
    name: 'the sweeper does not hold up a creation that stands still',
    scenario: 'a creation',
    at: 'the sweeper goes on',
    edits: [
      inSweeper(/await fence\(\{ orders \}, o, order\);/, 'if (order) await fence({ orders }, o, order);'),
      inSweeper(/if \(quantity === null && revOf\(order\) === r\) return;/, ''),
    ],
  },
  {
    name: 'the sweeper does not look again after it has held up a change',
    scenario: 'a creation',
    at: 'the change is made and dies',
    edits: [inSweeper(/(await fence\(\{ orders \}, o, order\);)[^}]*\}/, '$1 }')],
  },
  {
    name: 'the sweeper does not ask the log whether the change was made',
    scenario: 'a creation',
    at: 'killed after',
    edits: [inSweeper(/order\?\.log\?\.find\(/, '[].find(')],
  },
  {
    name: 'the sweeper uses up tickets whether they are there or not',
    scenario: 'an edit',
    at: 'another sweeps',
    edits: [inSweeper(/\{ _id: key, \[`tickets\.\$\{ticket\}`\]: \{ \$exists: true \} \}, \{/, '{ _id: key }, {')],
  },
  {
    name: 'the sweeper removes what has held up a creation',
    scenario: 'a creation',
    at: 'the sweeper goes on',
    edits: [
      inSweeper(
        /\$unset: \{ \[`tickets\.\$\{ticket\}`\]: '' \},\s*\} as never\);/,
        "$& await orders.deleteOne({ _id: o, status: VOID, 'refused.0': { $$exists: false } });",
      ),
    ],
  },
  {
    name: 'a row counts as swept although a ticket has come meanwhile',
    scenario: 'an edit',
    at: 'another change of the rows dies',
    edits: [inSweeper(/\{ _id, tickets: \{\} \}(?=, \{ \$unset: \{ busy_since)/, '{ _id }')],
  },

  // Files and stock beside changes.
  {
    name: 'a row is the duplicate of a creation that was refused',
    scenario: 'a creation without stock',
    edits: [inFile('classify-rows')(/ \|\| found\.status === VOID/, '')],
  },
  {
    name: 'a row that is inserted beside a creation that is refused is its duplicate',
    scenario: 'a row of a file',
    at: 'a rival goes on',
    edits: [
      inInserts(/if \(existing\?\.status !== VOID\) continue;/, 'if (existing || !existing) continue;'),
      inInserts(/if \(!existing \|\| existing\.status === VOID\) return true;/, 'if (!existing) return true;'),
    ],
  },
  {
    name: 'a row does not hold up a creation that it was faster than',
    scenario: 'a creation whose id was refused before',
    at: 'a rival goes on',
    edits: [inInserts(/rev: revOf\(existing\) \+ 1, refused/, 'rev: revOf(existing), refused')],
  },
  {
    name: 'stock is set whatever is available by now',
    scenario: 'a set of stock',
    at: 'a rival goes on',
    edits: [inFile('change-stock')(/\{ _id, available: before, \.\.\./, '{ _id, ...')],
  },

  // Undo.
  {
    name: 'an order that somebody has moved on is undone',
    scenario: 'an undo of a file',
    edits: [{ below: 'src/model/undo.ts', find: /!untouched \|\| /, to: '' }],
  },
  {
    name: 'a row takes an undone order again whatever has become of it since',
    scenario: 'a row that takes an undone order again',
    at: 'a rival goes on',
    edits: [inInserts(/filter: asRead\(before\)/, 'filter: { _id: before._id }')],
  },
  {
    name: 'the events of a chunk have the orders that it took again',
    scenario: 'a row that takes an undone order again',
    edits: [inFile('execute-plan')(/taken_again: again/, 'taken_again: []')],
  },
  {
    name: 'the log counts an order that the file counts that took it again',
    scenario: 'a row that takes an undone order again',
    edits: [inPublisher(/to !== DELETED && !of_file/, 'to !== DELETED')],
  },
  {
    name: 'an order that is taken again forgets where it came from',
    scenario: 'a creation that takes an undone order again',
    edits: [inSwap(/\.\.\.\(change\.former && \{ former: .* \}\),/, '')],
  },
  {
    name: 'events wait for the chunk that took the order again',
    scenario: 'a row, its undo, and the row again',
    edits: [
      inPublisher(
        /await chunkIdOf\(\{ chunks \}, sourcesOf\(document\)\[0\]!\)/,
        'await chunkIdOf({ chunks }, document)',
      ),
    ],
  },

  // Erasure.
  {
    name: 'an erasure does not hold up a change that has read the order before',
    scenario: 'an edit of a customer',
    at: 'a rival goes on',
    edits: [inErasure(/rev: revOf\(document\) \+ 1/, 'rev: revOf(document)')],
  },
  {
    name: 'an erasure writes over a change that came meanwhile',
    scenario: 'an erasure',
    at: 'a rival goes on',
    edits: [inErasure(/filter: asRead\(document\)/, 'filter: { _id: document._id }')],
  },
  {
    name: 'an erased order does not name the chunk whose plan has it',
    scenario: 'a row of a file that is erased',
    edits: [inErasure(/\.\.\.\(chunkIds\.length > 0 && \{ erased_from: .* \}\),/, '')],
  },
  {
    name: 'a plan counts as blank before it is written',
    scenario: 'a row of a file that is erased',
    at: 'killed before',
    edits: [inPlans(/const \{ matchedCount \}/, "await orders.updateMany({}, { $$unset: { erased_from: '' } });\n$&")],
  },
  {
    name: 'the sweeper does not go on with plans',
    scenario: 'a row of a file that is erased',
    at: 'killed before',
    edits: [inFile('order-store')(/await blankPlans\(database\);/, '')],
  },

  // The publisher.
  {
    name: 'a change is published before the creation of its order',
    scenario: 'a move before the order is committed',
    edits: [inPublisher(/if \(ofFiles\.length === 0\) return waiting;/, 'if (ofFiles.length >= 0) return waiting;')],
  },
  {
    name: 'an order that was changed again counts as published',
    scenario: 'an edit',
    at: 'the order is changed again',
    edits: [inPublisher(/filter: \{ _id: o, version: m \},/, 'filter: { _id: o },')],
  },
  {
    name: 'a batch is counted whatever was counted since it was read',
    scenario: 'an edit',
    at: 'another publishes',
    edits: [
      inPublisher(
        /totals\.updateOne\(\{ _id: 'orders', seq \}, \{\s*\$inc/,
        "totals.updateOne({ _id: 'orders' }, { $$inc",
      ),
    ],
  },
  {
    name: 'a batch that was counted and not marked is counted again',
    scenario: 'an edit',
    at: 'killed after',
    edits: [inPublisher(/if \(sums && sums\.batch\.length > 0\) await markBatch\(database, sums\);/, '')],
  },
];
