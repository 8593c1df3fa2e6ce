/** The order in which a request is judged: what applies first is the answer, whatever else is wrong with the request. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { send, setSwitches } from '../support/http.ts';
import { itemBody, made, moved, orderBody } from '../support/orders.ts';
import { type Service, setStock, startService } from '../support/service.ts';

let service: Service;
/** No stock row has them, so the inventory service does not know them, and nobody has asked yet. */
let unknown = 0;
const unknownItem = () => itemBody({ sku: `NOBODY-KNOWS-${++unknown}` });
const tooMany = itemBody({ quantity: 999 });

const STALE = { 'if-match': '"7"' };
const USED = { 'idempotency-key': 'used' };
const edit = (...items: object[]) => ({ items });

/** A request, and the answer: that of the first of all reasons that apply to it. */
const of = (answer: string, method: string, path: string, body?: () => unknown, headers = {}) => ({
  ...{ answer, method, path, body, headers },
});

/** In the order of judgement. Each request has as many of the later reasons as can be together. */
const BEFORE_THE_IMS = [
  of('400 invalid_parameter', 'PATCH', 'NONE', () => '{', { ...USED, 'if-match': '7' }),
  of('400 invalid_parameter', 'PUT', 'NONE/status', () => '{', { ...STALE, 'idempotency-key': 'x'.repeat(256) }),
  of('400 invalid_parameter', 'DELETE', 'NONE', undefined, { ...USED, 'if-match': '"7' }),
  of('400 invalid_body', 'PATCH', 'NONE', () => '{', { ...USED, ...STALE }),
  of('400 invalid_body', 'PUT', 'NONE/status', () => '{', { ...USED, ...STALE }),
  of('400 invalid_body', 'POST', '', () => '{', USED),
  of('422 invalid_order', 'PATCH', 'NONE', () => ({ items: [] }), { ...USED, ...STALE }),
  of('422 invalid_order', 'PUT', 'NONE/status', () => ({}), { ...USED, ...STALE }),
  of('422 invalid_order', 'POST', '', () => orderBody({ items: [], order_id: 'GONE' }), USED),
  of('422 key_reused', 'PATCH', 'NONE', () => edit(unknownItem()), { ...USED, ...STALE }),
  of('422 key_reused', 'PUT', 'NONE/status', () => ({ status: 'shipped' }), { ...USED, ...STALE }),
  of('422 key_reused', 'POST', '', () => orderBody({ order_id: 'GONE', items: [unknownItem()] }), USED),
  of('422 key_reused', 'DELETE', 'NONE', undefined, { ...USED, ...STALE }),
  // The first outcome, although the order has left that version and state.
  of('200', 'PATCH', 'MOVED', () => ({ shipping_address: 'Paris' }), { ...STALE, 'idempotency-key': 'edited' }),
  of('200', 'PUT', 'MOVED/status', () => ({ status: 'confirmed' }), { ...STALE, 'idempotency-key': 'moved' }),
  of('404 not_found', 'PATCH', 'NONE', () => edit(unknownItem(), tooMany), STALE),
  of('404 not_found', 'PUT', 'NONE/status', () => ({ status: 'shipped' }), STALE),
  of('404 not_found', 'DELETE', 'NONE', undefined, STALE),
  of('410 order_deleted', 'PATCH', 'GONE', () => edit(unknownItem(), tooMany), STALE),
  of('410 order_deleted', 'PUT', 'GONE/status', () => ({ status: 'shipped' }), STALE),
  of('204', 'DELETE', 'GONE', undefined, STALE),
  of('412 version_mismatch', 'PATCH', 'SENT', () => edit(unknownItem(), tooMany), STALE),
  of('412 version_mismatch', 'PATCH', 'SENT', () => edit(itemBody()), STALE),
  of('412 version_mismatch', 'PUT', 'SENT/status', () => ({ status: 'on_hold' }), STALE),
  of('412 version_mismatch', 'PUT', 'SENT/status', () => ({ status: 'shipped' }), STALE),
  of('412 version_mismatch', 'DELETE', 'SENT', undefined, STALE),
  // Nothing to do.
  of('200', 'PATCH', 'SENT', () => edit(itemBody())),
  of('200', 'PATCH', 'SENT', () => ({})),
  of('200', 'PATCH', 'SENT', () => ({ status: 'shipped' })),
  of('200', 'PUT', 'SENT/status', () => ({ status: 'shipped' }), { 'if-match': 'W/"3"' }),
  of('200', 'POST', '', () => orderBody({ order_id: 'SENT' })),
  of('409 order_deleted', 'POST', '', () => orderBody({ order_id: 'GONE', items: [unknownItem(), tooMany] })),
  of('409 order_conflict', 'POST', '', () => orderBody({ order_id: 'SENT', items: [unknownItem(), tooMany] })),
  of('409 not_editable', 'PATCH', 'SENT', () => edit(unknownItem(), tooMany)),
  of('409 not_editable', 'PATCH', 'SENT', () => edit(itemBody({ sku: 'NOBODY' }), tooMany), {
    'idempotency-key': 'refused',
  }),
  of('409 invalid_transition', 'PUT', 'SENT/status', () => ({ status: 'on_hold' }), { 'if-match': '*' }),
  of('409 invalid_transition', 'PATCH', 'OPEN', () => ({ status: 'no such status' })),
  of('409 not_deletable', 'DELETE', 'SENT'),
];
const OF_THE_IMS = [
  of('422 invalid_order', 'PATCH', 'OPEN', () => edit(unknownItem(), tooMany)),
  of('422 invalid_order', 'POST', '', () => orderBody({ order_id: 'NEW', items: [unknownItem(), tooMany] })),
];
const AFTER_THE_IMS = [
  of('409 out_of_stock', 'PATCH', 'OPEN', () => edit(tooMany)),
  of('409 out_of_stock', 'POST', '', () => orderBody({ order_id: 'NEW', items: [tooMany] })),
];

async function answerTo({ method, path, body, headers }: ReturnType<typeof of>): Promise<string> {
  const content = body?.();
  const response = await fetch(`${service.url}/orders${path && `/${path}`}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(content !== undefined && { body: typeof content === 'string' ? content : JSON.stringify(content) }),
  });
  const text = await response.text();
  const { code } = text === '' || response.ok ? { code: '' } : (JSON.parse(text) as { code: string });
  return `${response.status} ${code}`.trim();
}

beforeAll(async () => {
  service = await startService();
  await setStock(service, [['SKU-1', 'HUB-1', 100]]);
  for (const id of ['OPEN', 'SENT', 'GONE', 'MOVED']) await made(service, id);
  await moved(service, 'SENT', 'confirmed', 'shipped');
  await send(service, 'DELETE', '/orders/GONE');
  const keyed = (method: string, path: string, body: unknown, key: string) =>
    send(service, method, `/orders${path}`, body, { 'idempotency-key': key });
  await keyed('PATCH', '/MOVED', { shipping_address: 'Paris' }, 'edited');
  await keyed('PUT', '/MOVED/status', { status: 'confirmed' }, 'moved');
  await moved(service, 'MOVED', 'shipped');
  const uses = [
    await keyed('POST', '', orderBody({ order_id: 'USED' }), 'used'),
    await keyed('PUT', '/USED/status', { status: 'confirmed' }, 'used'),
    await keyed('PATCH', '/USED', { shipping_address: 'Rome' }, 'used'),
    await keyed('DELETE', '/SENT', undefined, 'used'),
  ];
  expect(uses.map(({ status }) => status)).toEqual([201, 200, 200, 409]);
});

const title = ({ answer, method, path, body }: ReturnType<typeof of>, n: number) =>
  `${n} ${answer}: ${method} ${path} ${JSON.stringify(body?.() ?? null)?.slice(0, 80)}`;
const named = (cases: ReturnType<typeof of>[]) => cases.map((one, n) => [title(one, n), one] as const);

describe('each reason precedes those behind it', () => {
  test.each(named([...BEFORE_THE_IMS, ...OF_THE_IMS, ...AFTER_THE_IMS]))('%s', async (_, one) => {
    expect(await answerTo(one)).toBe(one.answer);
  });
});

describe('while the inventory service is down', () => {
  beforeAll(() => setSwitches(service, { outage: true }));
  afterAll(() => setSwitches(service, { outage: false }));

  test.each(named([...BEFORE_THE_IMS, ...AFTER_THE_IMS]))('nobody asks it for: %s', async (_, one) => {
    expect(await answerTo(one)).toBe(one.answer);
  });

  test.each(named(OF_THE_IMS))(
    'what only it knows is 503, and nothing happens: %s',
    async (_, { method, path, body }) => {
      const response = await send(service, method, `/orders${path && `/${path}`}`, body!());
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await response.json()).toMatchObject({ code: 'ims_unavailable' });
      expect((await fetch(`${service.url}/orders/NEW`)).status).toBe(404);
    },
  );
});
