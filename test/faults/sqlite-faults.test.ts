/**
 * The pipeline with its order store on SQLite, at the points of a commit: each step met by each fault. Orders, stock, events and report are
 * those of an undisturbed run (INV-1 to INV-5). All other points: `sqlite-faults-rest.test.ts`.
 */
import { describe } from 'vitest';
import { POINTS_OF_A_COMMIT_ON_SQLITE } from './crash-points.ts';
import { describeMatrix } from './describe-matrix.ts';

describe('on SQLite', () => describeMatrix('SQLite', null, { points: POINTS_OF_A_COMMIT_ON_SQLITE, ends: [] }));
