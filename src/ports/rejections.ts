/** The rejected rows of a file, as its chunks recorded them. */
import type { ReasonCode, Rejection } from '../model/rejection.ts';
import type { Page, PageRequest } from './page.ts';

export interface Rejections {
  /**
   * Deletes up to `limit` rows of a file whose report is marked as deleted, or those of one chunk, with all values that only they have.
   * Returns whether some may be left.
   */
  delete(fileId: string, limit: number): Promise<boolean>;
  /** `fromRow`: those of this row of the file and after it. */
  list(fileId: string, filter: { code?: ReasonCode; fromRow?: number }, page: PageRequest): Promise<Page<Rejection>>;
}
