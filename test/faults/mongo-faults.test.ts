/**
 * The pipeline with its order store on MongoDB, at the points of a commit that only it has: each step met by each fault. Orders, stock,
 * events and report are those of an undisturbed run (INV-1 to INV-5). All other points: `mongo-faults-rest.test.ts`.
 */
import { describe, inject } from 'vitest';
import { POINTS_OF_A_COMMIT_ON_MONGO } from './crash-points.ts';
import { describeMatrix } from './describe-matrix.ts';

const { mongo, why } = inject('engines');

describe.skipIf(why.mongo !== undefined)('on MongoDB', () =>
  describeMatrix('MongoDB', mongo, { points: POINTS_OF_A_COMMIT_ON_MONGO, ends: [] }),
);
