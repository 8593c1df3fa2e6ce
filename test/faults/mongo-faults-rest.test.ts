/**
 * The pipeline with its order store on MongoDB, at all points but those of `mongo-faults.test.ts`, from the upload to the sweep, and
 * files that fail or are cancelled: each step met by each fault.
 */
import { describe, inject } from 'vitest';
import { POINTS_OF_A_COMMIT_ON_MONGO, pointsOf } from './crash-points.ts';
import { describeMatrix } from './describe-matrix.ts';

const { mongo, why } = inject('engines');

describe.skipIf(why.mongo !== undefined)('on MongoDB', () =>
  describeMatrix('MongoDB', mongo, {
    points: pointsOf('MongoDB').filter((point) => !POINTS_OF_A_COMMIT_ON_MONGO.includes(point)),
  }),
);
