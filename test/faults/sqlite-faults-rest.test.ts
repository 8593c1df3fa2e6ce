/**
 * The pipeline with its order store on SQLite, at all points but those of `sqlite-faults.test.ts`, from the upload to the sweep, and files
 * that fail or are cancelled: each step met by each fault.
 */
import { describe } from 'vitest';
import { POINTS_OF_A_COMMIT_ON_SQLITE, pointsOf } from './crash-points.ts';
import { describeMatrix } from './describe-matrix.ts';

describe('on SQLite', () =>
  describeMatrix('SQLite', null, {
    points: pointsOf('SQLite').filter((point) => !POINTS_OF_A_COMMIT_ON_SQLITE.includes(point)),
  }));
