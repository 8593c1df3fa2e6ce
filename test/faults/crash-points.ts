/**
 * All crash points of the pipeline, each with the steps that it is before or between. A step that belongs to no point fails the tests, and
 * so does a listed step that never happens: a new crash point cannot be forgotten.
 */
import type { StoreName } from './stores.ts';
import type { Cell, Fault, Step } from './world.ts';
import { DELIVERED_AGAIN, GIVEN_UP, IMS_CHANGES } from './world.ts';

/** Why a store has no such point. */
interface None {
  none: string;
}
type Steps = readonly string[];
interface CrashPoint {
  /** A point for steps that are applied in part; their other outcomes belong to another point, if there is one. */
  partly?: true;
  /** Steps outside the order store, the same for both stores. */
  both?: Steps;
  sqlite: Steps | None;
  mongo: Steps | None;
}

const within = (call: string, ...parts: string[]): Steps => parts.map((part) => `${call} > ${part}`);
const inCommit = (...parts: string[]): Steps => within('worker chunks.commit', ...parts);

const NO_PLAN: None = { none: 'one transaction: nothing is planned' };
const ONE_TRANSACTION: None = { none: 'one transaction: no other process can interfere' };

export const CRASH_POINTS: Record<string, CrashPoint> = {
  'upload | put': {
    both: ['upload objects.stage', 'upload objects.write'],
    sqlite: ['upload files.wouldRefuse'],
    mongo: ['upload files.wouldRefuse > find files'],
  },
  'put | send': { both: ['upload objects.commit', 'upload queue.send'], sqlite: [], mongo: [] },
  'file insert': {
    sqlite: ['upload files.create'],
    mongo: within(
      'upload files.create',
      ...['insert files', 'find files', 'find file_bytes', 'insert file_bytes', 'update files', 'find files again'],
    ),
  },
  'send | claim': { both: ['worker queue.receive'], sqlite: [], mongo: [] },
  claim: {
    sqlite: ['worker files.claim'],
    mongo: within('worker files.claim', 'find files', 'findAndModify files'),
  },
  'claim | look': {
    both: ['worker objects.open', 'worker ims.validate'],
    sqlite: ['worker files.recordIntake'],
    mongo: within('worker files.recordIntake', 'find files', 'update files'),
  },
  'look | plan': { sqlite: NO_PLAN, mongo: inCommit('find orders', 'find stock', 'insert chunks') },
  'after plan': { sqlite: NO_PLAN, mongo: inCommit('update stock') },
  'k of m stock writes': { partly: true, sqlite: inCommit('update stock'), mongo: inCommit('update stock') },
  'stock | second look': { sqlite: ONE_TRANSACTION, mongo: inCommit('find stock again') },
  'second look | retake': { sqlite: ONE_TRANSACTION, mongo: inCommit('findAndModify chunks', 'update stock again') },
  'stock | insert': { sqlite: { none: 'orders are written before stock' }, mongo: inCommit('insert orders') },
  'partial insert': { partly: true, sqlite: inCommit('insert orders'), mongo: inCommit('insert orders') },
  'insert | give back': {
    sqlite: { none: 'what is not accepted takes nothing' },
    mongo: inCommit('find orders again', 'give back stock'),
  },
  'give back | commit': {
    sqlite: inCommit('insert rejection_reasons', 'insert rejection_cells', 'insert rejected_rows', 'insert chunks'),
    mongo: inCommit('update chunks'),
  },
  'commit | checkpoint': {
    sqlite: inCommit('update files', 'insert totals', 'insert amounts', 'insert history', 'insert status_windows'),
    mongo: inCommit('findAndModify files'),
  },
  'checkpoint | next chunk': { sqlite: ['worker chunks.commit'], mongo: inCommit('find files') },
  'lease | batch': {
    sqlite: ['publisher leases.take', 'publisher outbox.pending', 'publisher leases.release'],
    mongo: [
      ...within('publisher leases.take', 'update leases', 'insert leases'),
      ...within(
        'publisher outbox.pending',
        'find chunks',
        'find totals',
        'find orders',
        'find orders again',
        'find chunks again',
      ),
      'publisher leases.release > delete leases',
    ],
  },
  'event ack | mark sent': {
    both: ['publisher events.publish'],
    sqlite: ['publisher outbox.markPublished'],
    mongo: ['publisher outbox.markPublished > update chunks'],
  },
  'partial event batch': { partly: true, both: ['publisher events.publish'], sqlite: [], mongo: [] },
  close: {
    sqlite: ['worker files.close', 'worker files.pause'],
    mongo: [
      ...within('worker files.close', 'find files', 'find chunks', 'insert chunks'),
      ...within('worker files.pause', 'find files', 'insert chunks', 'update files'),
    ],
  },
  'last checkpoint | report': {
    both: ['worker objects.stage', 'worker objects.write'],
    sqlite: ['worker files.get', 'worker rejections.list'],
    mongo: ['worker files.get > find files', ...within('worker rejections.list', 'find chunks', 'getMore chunks')],
  },
  'report | finish': {
    both: ['worker objects.commit'],
    sqlite: ['worker files.finish'],
    mongo: within(
      'worker files.finish',
      ...['find files', 'find chunks', 'insert chunks', 'find files again', 'update files'],
    ),
  },
  'finish | delete message': { both: ['worker queue.delete'], sqlite: [], mongo: [] },
  'close | prune': {
    sqlite: ['sweeper leases.take', 'sweeper prune'],
    mongo: [
      ...within('sweeper leases.take', 'update leases', 'insert leases'),
      ...within('sweeper prune', 'delete files', 'find files', 'find stock', 'find orders'),
    ],
  },
  'mid-prune': {
    sqlite: { none: 'there are no holds' },
    mongo: within(
      'sweeper prune',
      ...[
        'find chunks',
        'update stock',
        'update files',
        'find chunks again',
        'update stock again',
        'update files again',
      ],
    ),
  },
  'prune | rest': {
    both: ['sweeper objects.list'],
    sqlite: [
      'sweeper files.stranded',
      'sweeper files.get',
      'sweeper smallRecords.deleteExpired',
      'sweeper leases.release',
    ],
    mongo: [
      'sweeper files.stranded > find files',
      'sweeper files.get > find files',
      'sweeper smallRecords.deleteExpired > find access_records',
      'sweeper leases.release > delete leases',
    ],
  },
};

/** The steps of a point that the store has. */
export function stepsAt(point: string, store: StoreName): Steps {
  const { both = [], sqlite, mongo } = CRASH_POINTS[point]!;
  const own = store === 'SQLite' ? sqlite : mongo;
  return 'none' in own ? [] : [...both, ...own];
}

export const pointsOf = (store: StoreName): string[] =>
  Object.keys(CRASH_POINTS).filter((point) => stepsAt(point, store).length > 0);

/** Points that only MongoDB has, where the commit of a planned chunk is many steps. */
export const POINTS_OF_A_COMMIT_ON_MONGO = [
  'after plan',
  'stock | second look',
  'second look | retake',
  'stock | insert',
  'insert | give back',
];

/** On SQLite the commit of a chunk is one transaction. */
export const POINTS_OF_A_COMMIT_ON_SQLITE = ['give back | commit', 'commit | checkpoint', 'checkpoint | next chunk'];

const OF_A_STATEMENT: readonly Fault[] = ['killed before', 'killed after', 'error before'];
const OF_ALL: readonly Fault[] = [
  ...OF_A_STATEMENT,
  'answer lost',
  'a second one at the same time',
  'frozen past its lease',
  'frozen past the end',
];
const OF_PARTS: readonly Fault[] = ['killed, partly applied', 'error, partly applied'];
const OF_A_WORKER: readonly Fault[] = [IMS_CHANGES, GIVEN_UP, DELIVERED_AGAIN];

/** A step with each fault that can meet it. A step within a transaction of SQLite can only fail with it, or die. */
export function cellsOf(step: Step): Cell[] {
  if (step.level === 'statement') return OF_A_STATEMENT.map((fault) => ({ step, fault, part: null }));
  const whole = [...OF_ALL, ...(step.kind === 'worker' ? OF_A_WORKER : [])].map((fault) => ({
    step,
    fault,
    part: null,
  }));
  const parts = Array.from({ length: Math.max(0, step.parts - 1) }, (_, i) => i + 1);
  return [...whole, ...parts.flatMap((part) => OF_PARTS.map((fault) => ({ step, fault, part })))];
}

/** The point of a cell; undefined when its step belongs to none. */
export function pointOf({ step, part }: Cell, store: StoreName): string | undefined {
  const points = pointsOf(store).filter((point) => stepsAt(point, store).includes(step.name));
  return points.find((point) => (part !== null) === (CRASH_POINTS[point]!.partly ?? false)) ?? points[0];
}
