/**
 * The pipeline with its order store on MongoDB, at the points that SQLite has, too, from the upload to the sweep, and files that end
 * otherwise: each step met by each fault.
 */
import { describe, inject } from 'vitest';
import { isOnlyOnMongo, pointsOf } from './crash-points.ts';
import { describeMatrix } from './describe-matrix.ts';

const { mongo, why } = inject('engines');

describe.skipIf(why.mongo !== undefined)('on MongoDB', () =>
  describeMatrix('MongoDB', mongo, { points: pointsOf('MongoDB').filter((point) => !isOnlyOnMongo(point)) }),
);
