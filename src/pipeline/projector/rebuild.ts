/** The request to make all read models anew, as a record of the store: the projector finds it, whichever process that is in. */
import type { OrderStore } from '../../ports/order-store.ts';

type Store = Pick<OrderStore, 'smallRecords'>;

const ID = 'rebuild';

/** How often it was asked for. */
export const rebuildsAsked = async ({ smallRecords }: Store): Promise<number> =>
  (await smallRecords.get('projection', ID))?.version ?? 0;

/** Where somebody else asks at the same moment, both have asked. */
export async function askForRebuild({ smallRecords }: Store): Promise<void> {
  const version = (await rebuildsAsked({ smallRecords })) + 1;
  await smallRecords.put({ kind: 'projection', id: ID, version, owner: null, expiresMs: null, data: {} });
}
