/** The pipeline with its order store on SQLite, files that fail or are cancelled: each step of their end met by each fault. */
import { describe } from 'vitest';
import { describeMatrix } from './describe-matrix.ts';

describe('on SQLite', () => describeMatrix('SQLite', null, { points: [] }));
