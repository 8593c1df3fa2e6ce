/** The rejected rows of a file, as its chunks recorded them. */
import type { ReasonCode, Rejection } from '../model/rejection.ts';
import type { Page, PageRequest } from './page.ts';

export interface Rejections {
  /** `fromRow`: those of this row of the file and after it. */
  list(fileId: string, filter: { code?: ReasonCode; fromRow?: number }, page: PageRequest): Promise<Page<Rejection>>;
}
