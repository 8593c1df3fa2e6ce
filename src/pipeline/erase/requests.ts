/**
 * Requests to erase a person, each a small record: what is left to do, and what was done. Its id is a hash of the e-mail, so the same
 * request is the same record; the e-mail itself leaves it once all is done. The eraser (`erase.ts`) carries them out.
 */
import { hash } from 'node:crypto';
import { OmsError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { EMAIL } from '../../model/row-schema.ts';
import { lowerAscii } from '../../model/views.ts';
import type { Clock } from '../../ports/clock.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import type { Page, PageRequest } from '../../ports/page.ts';
import type { SmallRecord } from '../../ports/small-records.ts';

export interface ErasureRequest {
  requestedMs: number;
  /** Null until then. */
  doneMs: number | null;
  /** In lower case; null once all is done. */
  email: string | null;
  /** What was erased by all requests about this person. */
  orders: number;
  files: number;
  /** What is looked through now; null once all is done. Each part from its beginning to its end, see `erase.ts`. */
  part: 'start' | 'orders' | 'files' | 'open-files' | null;
  /** Up to where; null: from the beginning. */
  position: string | null;
  /** Files that have rows of the person, and have not ended. */
  openFiles: string[];
  /** Files that were open when the looking through began may have brought rows of the person since: it begins again after their ends. */
  again: boolean;
}

export type ErasureRecord = SmallRecord<ErasureRequest>;

type Records = { store: Pick<OrderStore, 'smallRecords'>; clock: Clock };

const KIND = 'erasure';
/** The owner of the records that are not done: they are found by it. */
const PENDING = 'pending';

/** Throws `not_found`: no customer has anything else. */
export function personOf(email: string): string {
  const trimmed = email.trim();
  if (!EMAIL.test(trimmed))
    throw new OmsError('not_found', 'no customer has this, which is not an e-mail address such as anna@example.com');
  return lowerAscii(trimmed);
}

export const erasureId = (email: string): string => hash('sha256', email, 'hex');

/** Of orders and files that there are now. A person who was erased before, and may have come back, is erased again. */
export async function requestErasure({ store, clock }: Records, email: string): Promise<ErasureRecord> {
  for (let round = 0; round < limits.orderRounds; round++) {
    const known = await findErasure(store, erasureId(email));
    if (known && known.data.doneMs === null) return known;
    const { orders = 0, files = 0 } = known?.data ?? {};
    const data: ErasureRequest = {
      ...{ requestedMs: clock.now(), doneMs: null, email, orders, files },
      ...{ part: 'start', position: null, openFiles: [], again: false },
    };
    const record = {
      kind: KIND,
      id: erasureId(email),
      version: known?.version ?? 0,
      owner: null,
      expiresMs: null,
    } as const;
    const put = await putErasure(store, { ...record, data });
    if (put) return put;
  }
  throw new OmsError('store_contention', 'this person is being erased by others at this moment: try again', {
    retryable: true,
  });
}

/** Null where somebody else has changed it since it was read. */
export async function putErasure(
  { smallRecords }: Pick<OrderStore, 'smallRecords'>,
  { id, version, data }: Pick<ErasureRecord, 'id' | 'version' | 'data'>,
): Promise<ErasureRecord | null> {
  const record: ErasureRecord = {
    ...{ kind: KIND, id, version: version + 1, data },
    owner: data.doneMs === null ? PENDING : null,
    expiresMs: data.doneMs === null ? null : data.doneMs + limits.erasureKeptMs,
  };
  return (await smallRecords.put(record)) ? record : null;
}

export const findErasure = (
  { smallRecords }: Pick<OrderStore, 'smallRecords'>,
  id: string,
): Promise<ErasureRecord | null> => smallRecords.get<ErasureRequest>(KIND, id);

export const listErasures = (
  { smallRecords }: Pick<OrderStore, 'smallRecords'>,
  page: PageRequest,
): Promise<Page<ErasureRecord>> => smallRecords.list<ErasureRequest>(KIND, null, page);

export const pendingErasures = async ({ smallRecords }: Pick<OrderStore, 'smallRecords'>): Promise<ErasureRecord[]> =>
  (await smallRecords.list<ErasureRequest>(KIND, PENDING, { limit: limits.erasuresAtOnce, after: null })).items;
