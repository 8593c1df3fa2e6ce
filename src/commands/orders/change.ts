/**
 * `oms orders set-status|cancel|delete`: changes of any number of orders. Status changes go in requests of up to 1,000 orders; those of
 * one version only, and deletes, go one by one, several at the same time.
 */
import * as z from 'zod';
import { OmsError } from '../../errors.ts';
import type { OrderResponse, OrderResultsResponse } from '../../http/responses.ts';
import { visible } from '../../model/characters.ts';
import type { ServiceClient } from '../service-client.ts';
import type { OrderAction, OrderOptions } from './action.ts';
import { idBatches, pathOf, whyNoId } from './ids.ts';
import { EXIT, print, printRefused, type Refusal, worst } from './printed.ts';

/** What became of one order: the order, nothing where it was deleted, or why not. */
type Result = { order: OrderResponse | null } | { problem: Refusal };

type Change = (ids: string[]) => Promise<Result[]>;

export const setStatus: OrderAction = async (client, [status, ...ids], options) => {
  if (status === undefined) throw new OmsError('invalid_option', 'usage: oms orders set-status STATUS [ID…]');
  return changeAll(ids, options, (batch) => moveOrders(client, batch, status, options), `now ${visible(status)}`);
};

export const deleteOrders: OrderAction = async (client, ids, options) => {
  const headers = ifMatch(options);
  const remove = (id: string) => one(client, 'DELETE', pathOf(id), undefined, headers);
  return changeAll(ids, options, (batch) => severally(batch, remove), 'deleted');
};

export const cancelOrders: OrderAction = async (client, ids, options) => {
  const targets = await cancelTargets(client);
  const all = new Set([...targets.values()].flat());
  // The usual workflow has one such state, and the service itself refuses orders that cannot move there.
  const only = all.size === 1 ? [...all][0]! : null;
  const cancel: Change = async (batch) =>
    only === null
      ? severally(batch, (id) => cancelOne(client, id, targets, options))
      : moveOrders(client, batch, only, options);
  return changeAll(ids, options, cancel, only === null ? 'cancelled' : `now ${visible(only)}`);
};

const workflowShape = z.object({
  states: z.record(z.string(), z.object({ to: z.array(z.string()), stock: z.string() })),
});

/** By state, where an order in it can go to give its stock back; one that is there already stays. */
async function cancelTargets(client: ServiceClient): Promise<Map<string, string[]>> {
  const { states } = workflowShape.parse(await client.get('/workflow'));
  const isReturned = (name: string) => states[name]?.stock === 'returned';
  return new Map(
    Object.entries(states).map(([name, { to }]) => [name, isReturned(name) ? [name] : to.filter(isReturned)]),
  );
}

async function cancelOne(
  client: ServiceClient,
  id: string,
  targetsOf: Map<string, string[]>,
  options: OrderOptions,
): Promise<Result> {
  const found = await one(client, 'GET', pathOf(id));
  if ('problem' in found || found.order === null) return found;
  const { status } = found.order;
  const targets = targetsOf.get(status) ?? [];
  if (targets.length === 1) return moveOne(client, id, targets[0]!, options);
  const detail =
    targets.length === 0
      ? `the order is ${status}, from where no status gives its stock back`
      : `the order is ${status}, from where ${targets.join(' and ')} give its stock back: use set-status`;
  return { problem: { status: 409, code: 'not_cancellable', detail } };
}

async function moveOrders(
  client: ServiceClient,
  ids: string[],
  status: string,
  options: OrderOptions,
): Promise<Result[]> {
  if (options['if-version'] !== undefined) return severally(ids, (id) => moveOne(client, id, status, options));
  const { body, ...answer } = await client.request('POST', '/orders/status', {
    order_ids: ids,
    status,
    ...reasonOf(options),
  });
  if (answer.status < 300) return (body as OrderResultsResponse).results;
  const problem = refusalOf(answer.status, body);
  return ids.map(() => ({ problem }));
}

const moveOne = (client: ServiceClient, id: string, status: string, options: OrderOptions): Promise<Result> =>
  one(client, 'PUT', `${pathOf(id)}/status`, { status, ...reasonOf(options) }, ifMatch(options));

const reasonOf = ({ reason }: OrderOptions) => (reason === undefined ? {} : { reason });

function ifMatch({ 'if-version': version }: OrderOptions): Record<string, string> {
  if (version === undefined) return {};
  if (!/^[1-9]\d{0,9}$/.test(version))
    throw new OmsError('invalid_option', `--if-version "${version}" is not a version such as 1`);
  return { 'if-match': `"${version}"` };
}

async function one(
  client: ServiceClient,
  method: string,
  path: string,
  sent?: unknown,
  headers?: Record<string, string>,
): Promise<Result> {
  const { status, body } = await client.request(method, path, sent, headers);
  return status < 300 ? { order: body as OrderResponse | null } : { problem: refusalOf(status, body) };
}

/** Throws where the service failed: it would fail on the next order, too, and what was done is done once whoever repeats the command. */
function refusalOf(status: number, body: unknown): Refusal {
  const refusal = body as Refusal;
  if (status >= 500) throw new OmsError(refusal.code, `${refusal.code}: ${refusal.detail}`);
  return refusal;
}

/** At most `limits.clientRequests` are under way, as the client has no more connections. */
const severally = (ids: string[], work: (id: string) => Promise<Result>): Promise<Result[]> =>
  Promise.all(ids.map(work));

/** Changes them batch by batch, prints each result, and a sum of all where they came from standard input. */
async function changeAll(args: string[], { json }: OrderOptions, change: Change, done: string): Promise<number> {
  const codes = new Set<number>();
  let changed = 0;
  let refused = 0;
  try {
    for await (const batch of idBatches(args)) {
      for (const [id, result] of await resultsOf(batch, change)) {
        if ('problem' in result) {
          refused++;
          codes.add(printRefused(id, result.problem));
          continue;
        }
        changed++;
        if (json) await print(`${JSON.stringify(result.order ?? { order_id: id, deleted: true })}\n`);
        else if (args.length > 0) await print(`${visible(id)}: ${resultText(result.order, done)}\n`);
      }
    }
  } finally {
    if (!json && args.length === 0) await print(`${changed} orders are ${done}, ${refused} refused\n`);
  }
  return worst([EXIT.done, ...codes]);
}

/** An id that no order can have would make the service refuse the whole request, so it is not sent. */
async function resultsOf(ids: string[], change: Change): Promise<[string, Result][]> {
  const good = ids.filter((id) => whyNoId(id) === null);
  const results = good.length > 0 ? await change(good) : [];
  let next = 0;
  return ids.map((id) => {
    const why = whyNoId(id);
    return [id, why === null ? results[next++]! : { problem: { status: 422, code: 'invalid_id', detail: why } }];
  });
}

const resultText = (order: OrderResponse | null, done: string): string =>
  order === null ? done : `${order.status}, version ${order.version}`;
