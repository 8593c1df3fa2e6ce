/**
 * What is asked of an order in the fault matrix of changes, and what must come of it: alone, and with a rival that is faster or slower. Of
 * A and B there are 10 each at first, and the order has 4 of A and 1 of B unless it is created.
 */
import type { ChangeRequest, Outcome } from '../../src/model/change-request.ts';
import type { Claim } from '../../src/ports/files.ts';
import type { OrderStore } from '../../src/ports/order-store.ts';
import { applyOne, item, keyOf, newOrder, toCreate, toDelete, toEdit, toMove } from '../support/changes.ts';
import { COMPLETED, chunkOf, claimFile, createFile, orderRow } from '../support/chunks.ts';

/** One run, in which all ids are its own. */
export interface Scene {
  id: string;
  healthy: OrderStore;
  /** Work of a process that dies before the first command of this name. */
  dying(command: string, work: (store: OrderStore) => Promise<unknown>): Promise<void>;
}

/** Answers in words. */
export type Asking = (store: OrderStore) => Promise<string>;

export interface Asked {
  ask: Asking;
  rival?: Asking;
  /** What happens before the request is sent again. */
  between?: (store: OrderStore) => Promise<unknown>;
  /** Ends what is still open. */
  finish?: (store: OrderStore) => Promise<unknown>;
}

export interface Scenario {
  begin(scene: Scene): Promise<Asked>;
  /** Answers; the order and its version; what is available of A and B; the events in the order in which they came. */
  right: { alone: string; rivalFirst?: string; rivalLast?: string };
  /** Another attempt may be refused while the first has the stock. */
  isScarce?: true;
  /** On MongoDB alone. */
  needsSteps?: true;
}

export const summary = (outcome: Outcome): string =>
  outcome.outcome === 'refused'
    ? outcome.refusal.code
    : `${outcome.outcome}${'order' in outcome ? ` ${outcome.order.version}` : ''}`;

const asks =
  (...requests: ChangeRequest[]): Asking =>
  async (store) => {
    const outcomes: string[] = [];
    for (const request of requests) outcomes.push(summary(await applyOne(store, request)));
    return outcomes.join(', ');
  };

const itemsOf = (id: string, a: number, b: number) =>
  [item(`${id}-A`, a), item(`${id}-B`, b)].filter(({ quantity }) => quantity > 0);
const creation = (id: string, a = 4, b = 1) => toCreate(id, newOrder(itemsOf(id, a, b)), keyOf(id));
const edit = (id: string, a: number, b: number, key = id) => toEdit(id, { items: itemsOf(id, a, b) }, keyOf(key));
/** As often as it is asked: of the second one nothing is left to erase. */
const erasure =
  (id: string): Asking =>
  async (store) => {
    await store.erasure.erase({ email: 'ada@example.com' }, [id]);
    return 'erased';
  };
const exists = ({ id, healthy }: Scene) => applyOne(healthy, toCreate(id, newOrder(itemsOf(id, 4, 1))));
/** So many of each come in. */
const restock = (id: string, delta: number) => (store: OrderStore) =>
  store.stock.change(
    ['A', 'B'].map((name) => ({ sku: `${id}-${name}`, hubId: 'HUB-1', delta })),
    `restock ${id}`,
  );

/** Its one row is the order with 3 of A. A commit that is repeated does nothing more. */
async function fileWith({ id, healthy }: Scene) {
  const fileId = await createFile(healthy, { name: id });
  const claim: Claim = await claimFile(healthy, fileId);
  const commit: Asking = async (store) => {
    const row = orderRow(2, id, { sku: `${id}-A`, quantity: 3 });
    const { accepted, invalid } = await store.chunks.commit(claim, chunkOf(0, [row]));
    return `${accepted} accepted, ${invalid} rejected`;
  };
  return { fileId, commit, finish: (store: OrderStore) => store.files.finish(claim, COMPLETED) };
}

const undo =
  (fileId: string): Asking =>
  async (store) => {
    await store.undo.request(fileId, null);
    while (await store.undo.step(fileId));
    const { undone, kept } = (await store.files.get(fileId))!.undo!;
    return `${undone} undone, ${kept} kept`;
  };

/** With the order of its row. */
async function endedFileWith(scene: Scene): Promise<string> {
  const { fileId, commit, finish } = await fileWith(scene);
  await commit(scene.healthy);
  await finish(scene.healthy);
  return fileId;
}

const isUndone = async (scene: Scene) => undo(await endedFileWith(scene))(scene.healthy);

export const SCENARIOS: Record<string, Scenario> = {
  'a creation': {
    async begin({ id }) {
      const rival = asks(toCreate(id, newOrder(itemsOf(id, 2, 2)), keyOf(`${id} rival`)));
      return { ask: asks(creation(id)), rival };
    },
    right: {
      alone: 'created 1; on_hold 1; 6, 9; created',
      rivalFirst: 'order_conflict; on_hold 1; 8, 8; created; rival: created 1',
      rivalLast: 'created 1; on_hold 1; 6, 9; created; rival: order_conflict',
    },
  },
  // Their reservations go in one write.
  'two creations together': {
    async begin({ id }) {
      const two = [creation(id, 2, 0), toCreate(`${id}-2`, newOrder(itemsOf(id, 2, 0)), keyOf(`${id}-2`))];
      const ask: Asking = async (store) => (await store.changes.apply(two)).map(summary).join(', ');
      return { ask };
    },
    right: { alone: 'created 1, created 1; on_hold 1; 6, 10; created' },
  },
  'a creation of the last units': {
    begin: async ({ id }) => ({ ask: asks(creation(id, 10, 1)) }),
    right: { alone: 'created 1; on_hold 1; 0, 9; created' },
    isScarce: true,
  },
  'a creation without stock': {
    async begin(scene) {
      const { id } = scene;
      const { commit, finish } = await fileWith(scene);
      return { ask: asks(creation(id, 4, 11)), between: restock(id, 5), rival: commit, finish };
    },
    right: {
      alone: 'out_of_stock; none; 15, 15; ',
      rivalFirst: 'order_conflict; on_hold 1; 12, 15; created; rival: 1 accepted, 0 rejected',
      rivalLast: 'out_of_stock; on_hold 1; 12, 15; created; rival: 1 accepted, 0 rejected',
    },
  },
  'a creation whose id was refused before': {
    async begin(scene) {
      const { id, healthy } = scene;
      await applyOne(healthy, toCreate(id, newOrder(itemsOf(id, 11, 1)), keyOf(`${id} before`)));
      const { commit, finish } = await fileWith(scene);
      return { ask: asks(creation(id)), rival: commit, finish };
    },
    right: {
      alone: 'created 1; on_hold 1; 6, 9; created',
      rivalFirst: 'order_conflict; on_hold 1; 7, 10; created; rival: 1 accepted, 0 rejected',
      rivalLast: 'created 1; on_hold 1; 6, 9; created; rival: 0 accepted, 1 rejected',
    },
  },
  'a move': {
    async begin(scene) {
      await exists(scene);
      return { ask: asks(toMove(scene.id, 'confirmed', keyOf(scene.id))), rival: asks(toMove(scene.id, 'cancelled')) };
    },
    right: {
      alone: 'changed 2; confirmed 2; 6, 9; created 2',
      rivalFirst: 'invalid_transition; cancelled 2; 10, 10; created 2; rival: changed 2',
      rivalLast: 'changed 2; cancelled 3; 10, 10; created 2 3; rival: changed 3',
    },
  },
  'a cancellation': {
    async begin(scene) {
      const { id } = scene;
      await exists(scene);
      const rival = asks(toMove(id, 'confirmed'), toMove(id, 'shipped'));
      return { ask: asks(toMove(id, 'cancelled', keyOf(id))), rival };
    },
    right: {
      alone: 'changed 2; cancelled 2; 10, 10; created 2',
      rivalFirst: 'invalid_transition; shipped 3; 6, 9; created 2 3; rival: changed 2, changed 3',
      rivalLast: 'changed 2; cancelled 2; 10, 10; created 2; rival: invalid_transition, invalid_transition',
    },
  },
  'an edit': {
    async begin(scene) {
      await exists(scene);
      return { ask: asks(edit(scene.id, 2, 4)), rival: asks(edit(scene.id, 3, 0, `${scene.id} rival`)) };
    },
    right: {
      alone: 'changed 2; on_hold 2; 8, 6; created 2',
      rivalFirst: 'changed 3; on_hold 3; 8, 6; created 2 3; rival: changed 2',
      rivalLast: 'changed 2; on_hold 3; 7, 10; created 2 3; rival: changed 3',
    },
  },
  'an edit that takes the last units': {
    async begin(scene) {
      await exists(scene);
      return { ask: asks(edit(scene.id, 10, 0)) };
    },
    right: { alone: 'changed 2; on_hold 2; 0, 10; created 2' },
    isScarce: true,
  },
  'an edit without stock': {
    async begin(scene) {
      await exists(scene);
      return { ask: asks(edit(scene.id, 2, 12)), between: restock(scene.id, 5) };
    },
    right: { alone: 'out_of_stock; on_hold 1; 11, 14; created' },
  },
  'a deletion': {
    async begin(scene) {
      await exists(scene);
      return { ask: asks(toDelete(scene.id, keyOf(scene.id))), rival: asks(toMove(scene.id, 'confirmed')) };
    },
    right: {
      alone: 'deleted; deleted 2; 10, 10; created 2',
      rivalFirst: 'deleted; deleted 3; 10, 10; created 2 3; rival: changed 2',
      rivalLast: 'deleted; deleted 2; 10, 10; created 2; rival: order_deleted',
    },
  },
  'an erasure': {
    async begin(scene) {
      const { id } = scene;
      await exists(scene);
      await applyOne(scene.healthy, toEdit(id, { shippingAddress: '2 Mill Lane' }));
      const rival = asks(toEdit(id, { items: itemsOf(id, 3, 0) }, keyOf(`${id} rival`)));
      return { ask: erasure(id), rival };
    },
    right: {
      alone: 'erased; on_hold 2; 6, 9; created 2',
      rivalFirst: 'erased; on_hold 3; 7, 10; created 2 3; rival: changed 3',
      rivalLast: 'erased; on_hold 3; 7, 10; created 2 3; rival: changed 3',
    },
  },
  'an edit of a customer': {
    async begin(scene) {
      const { id } = scene;
      await exists(scene);
      const wanted = { customerName: 'Ada King', items: itemsOf(id, 2, 4) };
      return { ask: asks(toEdit(id, wanted, keyOf(id))), rival: erasure(id) };
    },
    right: {
      alone: 'changed 2; on_hold 2; 8, 6; created 2',
      rivalFirst: 'not_editable; on_hold 1; 6, 9; created; rival: erased',
      rivalLast: 'changed 2; on_hold 2; 8, 6; created 2; rival: erased',
    },
  },
  'a set of stock': {
    async begin({ id }) {
      const ask: Asking = async (store) => {
        const results = await store.stock.change([{ sku: `${id}-A`, hubId: 'HUB-1', available: 0 }], `set ${id}`);
        return JSON.stringify(results.map((result) => ('error' in result ? result.error : result.available)));
      };
      return { ask, rival: asks(creation(id)) };
    },
    right: {
      alone: '[0]; none; 0, 10; ',
      rivalFirst: '[0]; on_hold 1; 0, 9; created; rival: created 1',
      rivalLast: '[0]; none; 0, 10; ; rival: out_of_stock',
    },
  },
  'a row of a file': {
    async begin(scene) {
      const { id } = scene;
      const { commit, finish } = await fileWith(scene);
      return { ask: commit, finish, rival: asks(creation(id, 11, 1)) };
    },
    right: {
      alone: '1 accepted, 0 rejected; on_hold 1; 7, 10; created',
      rivalFirst: '1 accepted, 0 rejected; on_hold 1; 7, 10; created; rival: out_of_stock',
      rivalLast: '1 accepted, 0 rejected; on_hold 1; 7, 10; created; rival: order_conflict',
    },
  },
  'a row of a file that is erased': {
    async begin(scene) {
      const { id } = scene;
      const { commit, finish } = await fileWith(scene);
      const ask: Asking = async (store) => `${await commit(store)}, ${await erasure(id)(store)}`;
      return { ask, finish, rival: asks(toMove(id, 'cancelled')) };
    },
    right: {
      alone: '1 accepted, 0 rejected, erased; on_hold 1; 7, 10; created',
      rivalFirst: '1 accepted, 0 rejected, erased; on_hold 1; 7, 10; created; rival: not_found',
      rivalLast: '1 accepted, 0 rejected, erased; cancelled 2; 10, 10; created 2; rival: changed 2',
    },
  },
  'an undo of a file': {
    async begin(scene) {
      const fileId = await endedFileWith(scene);
      return { ask: undo(fileId), rival: asks(toMove(scene.id, 'confirmed')) };
    },
    right: {
      alone: '1 undone, 0 kept; cancelled 2; 10, 10; created 2',
      rivalFirst: '0 undone, 1 kept; confirmed 2; 7, 10; created 2; rival: changed 2',
      rivalLast: '1 undone, 0 kept; cancelled 2; 10, 10; created 2; rival: invalid_transition',
    },
  },
  'a creation that takes an undone order again': {
    async begin(scene) {
      const { id } = scene;
      await isUndone(scene);
      const { commit, finish } = await fileWith(scene);
      return { ask: asks(creation(id)), rival: commit, finish };
    },
    right: {
      alone: 'created 3; on_hold 3; 6, 9; created 2 3',
      rivalFirst: 'order_conflict; on_hold 3; 7, 10; created 2 3; rival: 1 accepted, 0 rejected',
      rivalLast: 'created 3; on_hold 3; 6, 9; created 2 3; rival: 0 accepted, 1 rejected',
    },
  },
  'a row that takes an undone order again': {
    async begin(scene) {
      const { id } = scene;
      await isUndone(scene);
      const { commit, finish } = await fileWith(scene);
      return { ask: commit, finish, rival: asks(creation(id)) };
    },
    right: {
      alone: '1 accepted, 0 rejected; on_hold 3; 7, 10; created 2 3',
      rivalFirst: '0 accepted, 1 rejected; on_hold 3; 6, 9; created 2 3; rival: created 3',
      rivalLast: '1 accepted, 0 rejected; on_hold 3; 7, 10; created 2 3; rival: order_conflict',
    },
  },
  // Its events wait for the chunk that has made the order.
  'a row, its undo, and the row again': {
    async begin(scene) {
      const [first, second] = [await fileWith(scene), await fileWith(scene)];
      const ask: Asking = async (store) => {
        const { status } = (await store.files.get(first.fileId))!;
        if (status !== 'completed') {
          await first.commit(store);
          await first.finish(store);
        }
        return `${await undo(first.fileId)(store)}, ${await second.commit(store)}`;
      };
      return { ask, finish: second.finish };
    },
    right: { alone: '1 undone, 0 kept, 1 accepted, 0 rejected; on_hold 3; 7, 10; created 2 3' },
  },
  'a row that takes an undone order again, which is deleted': {
    async begin(scene) {
      await isUndone(scene);
      const { commit, finish } = await fileWith(scene);
      return { ask: commit, finish, rival: asks(toDelete(scene.id, keyOf(`${scene.id} rival`))) };
    },
    right: {
      alone: '1 accepted, 0 rejected; on_hold 3; 7, 10; created 2 3',
      rivalFirst: '0 accepted, 1 rejected; deleted 3; 10, 10; created 2 3; rival: deleted',
      rivalLast: '1 accepted, 0 rejected; deleted 4; 10, 10; created 2 3 4; rival: deleted',
    },
  },
  // The event of the change waits for that of the creation.
  'a move before the order is committed': {
    async begin(scene) {
      const { id, dying } = scene;
      const { commit, finish } = await fileWith(scene);
      await dying('update chunks', commit);
      const end = async (store: OrderStore) => {
        await commit(store);
        await finish(store);
      };
      return { ask: asks(toMove(id, 'confirmed', keyOf(id))), finish: end };
    },
    right: { alone: 'changed 2; confirmed 2; 7, 10; created 2' },
    needsSteps: true,
  },
};
