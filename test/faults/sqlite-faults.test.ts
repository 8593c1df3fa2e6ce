/**
 * The pipeline with its order store on SQLite, each of its steps met by each fault: orders, stock, events and report are those of an
 * undisturbed run (INV-1 to INV-5). Files that end otherwise: `sqlite-faults-rest.test.ts`.
 */
import { describe } from 'vitest';
import { describeMatrix } from './describe-matrix.ts';

describe('on SQLite', () => describeMatrix('SQLite', null, { ends: [] }));
