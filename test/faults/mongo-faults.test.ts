/**
 * The pipeline with its order store on MongoDB, at the points that only it has: each step met by each fault. Orders, stock, events and
 * report are those of an undisturbed run (INV-1 to INV-5).
 */
import { describe, inject } from 'vitest';
import { isOnlyOnMongo, pointsOf } from './crash-points.ts';
import { describeMatrix } from './describe-matrix.ts';

const { mongo, why } = inject('engines');

describe.skipIf(why.mongo !== undefined)('on MongoDB', () =>
  describeMatrix('MongoDB', mongo, { points: pointsOf('MongoDB').filter(isOnlyOnMongo), ends: [] }),
);
