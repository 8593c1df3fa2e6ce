/**
 * Everything that a user can see of the ingested files, except what may differ from run to run: ids that the server generates, and times.
 */
import type { orderJson } from '../../src/model/order.ts';
import { type FileJson, getJson, ingest, type Service } from '../support/service.ts';
import { type OrderFile, smallFile } from './order-files.ts';

type OrderJson = ReturnType<typeof orderJson>;
type EventJson = { id: string; subject: string; time: string; data: OrderJson };
type At = Pick<Service, 'url'>;

/** Each by its own key: `orders` by order id, `events` by event id, `stock` by key, `files` and `reports` by file name. */
export type Outcome = Record<'orders' | 'events' | 'stock' | 'files' | 'reports', Map<string, string>>;

const SENTINEL_ORDER = /^ORD-00090099\d\d$/;

/**
 * All files must have ended. Adds one small file, whose events mark the end of the others: it has enough orders for every partition of a
 * stream. `repeats`: events may be repeated with the same bytes.
 */
export async function readOutcome(
  service: At,
  { sentinel = smallFile(99), repeats = false }: { sentinel?: OrderFile; repeats?: boolean } = {},
): Promise<Outcome> {
  const names = new Map<string, string>();
  const files = new Map<string, string>();
  const reports = new Map<string, string>();
  for await (const file of pages<FileJson>(service, '/files')) {
    names.set(file.file_id, file.name);
    const { status, size_bytes, sha256, intake, progress, invalid_by_code, failure } = file;
    const { rows, accepted, invalid, bytes_read, percent } = progress;
    const shown = { status, size_bytes, sha256, intake, invalid_by_code, failure };
    files.set(file.name, JSON.stringify({ ...shown, rows, accepted, invalid, bytes_read, percent }));
    if (file.invalid_file === null) continue;
    const report = await fetch(`${service.url}/invalid-files/${file.invalid_file}`);
    if (!report.ok) throw new Error(`GET ${report.url} answered ${report.status}`);
    reports.set(file.name, (await report.text()).replaceAll(file.file_id, '<file>'));
  }

  const orders = new Map<string, string>();
  for await (const order of pages<OrderJson>(service, '/orders')) {
    if (orders.has(order.order_id)) throw new Error(`order ${order.order_id} is listed twice`);
    orders.set(order.order_id, normalOrder(order, names));
  }
  const stock = new Map<string, string>();
  for await (const { sku, hub_id, available } of pages<{ sku: string; hub_id: string; available: number }>(
    service,
    '/inventory',
  ))
    stock.set(`${sku} ${hub_id}`, String(available));

  const { progress } = await ingest(service, sentinel.bytes, `?name=${sentinel.name}`);
  if (progress.accepted === 0) throw new Error('the file whose events end the reading has no orders');
  const events = new Map<string, string>();
  const last = new Set<string>();
  for await (const event of readEvents(service)) {
    if (SENTINEL_ORDER.test(event.subject)) {
      if (last.add(event.id).size === progress.accepted) break;
      continue;
    }
    const { time: _, data, ...rest } = event;
    const content = JSON.stringify({ ...rest, data: normalOrder(data, names) });
    if (events.has(event.id) && !(repeats && events.get(event.id) === content))
      throw new Error(`event ${event.id} comes twice`);
    events.set(event.id, content);
  }
  return { orders, events, stock, files, reports };
}

/** The differences between `found` and `expected`, a few of each kind; empty when they are equal. */
export function differences(found: Outcome, expected: Outcome): string[] {
  const differences: string[] = [];
  for (const kind of Object.keys(expected) as (keyof Outcome)[]) {
    const keys = new Set([...expected[kind].keys(), ...found[kind].keys()]);
    const other = [...keys].filter((key) => found[kind].get(key) !== expected[kind].get(key));
    if (other.length > 0) differences.push(`${other.length} of ${keys.size} ${kind} differ`);
    for (const key of other.slice(0, 3)) {
      const [is, should] = [found[kind].get(key) ?? 'nothing', expected[kind].get(key) ?? 'nothing'];
      differences.push(`${kind} ${key}: is ${excerpt(is, should)}, should be ${excerpt(should, is)}`);
    }
  }
  return differences;
}

/** The text from a little before the first difference. */
function excerpt(text: string, other: string): string {
  let at = 0;
  while (at < text.length && text[at] === other[at]) at++;
  return JSON.stringify(text.slice(Math.max(0, at - 60), at + 200));
}

function normalOrder(
  { created_at: _, updated_at: __, source, ...order }: OrderJson,
  names: Map<string, string>,
): string {
  return JSON.stringify({ ...order, source: { file: names.get(source.file_id!), row: source.row } });
}

async function* pages<Item>(service: At, path: string): AsyncGenerator<Item> {
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: Item[]; next_cursor: string | null } = await getJson(service, `${path}?limit=1000${query}`);
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor !== null);
}

/** The events from the beginning, without end: the caller must break. */
async function* readEvents(service: At): AsyncGenerator<EventJson & Record<string, unknown>> {
  const response = await fetch(`${service.url}/events?after=0`);
  let rest = '';
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith('data: ')) yield JSON.parse(line.slice('data: '.length));
  }
  throw new Error('the event stream ended');
}
