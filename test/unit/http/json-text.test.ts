/** JSON that is parsed part by part: the same value as at once, and a refusal where that would take long. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOmsError } from '../../../src/errors.ts';
import { parseJson } from '../../../src/http/json-text.ts';
import { limits } from '../../../src/limits.ts';

/** Blanks that make it large enough to be cut. */
const PADDING = ' '.repeat(limits.jsonAtOnceBytes);
const outcomeOf = (text: string) =>
  parseJson(text).then(
    (value) => ({ value }),
    (error: unknown) => (isOmsError(error) ? error.code : Promise.reject(error)),
  );

test('any value is the same as from JSON.parse', async () => {
  const key = fc.constantFrom('a', '__proto__', '"', '\\', 'é', '\u2028');
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.oneof(
        fc.string({ unit: fc.constantFrom('"', '\\', '[', '}', ',', ':', 'é') }),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(tree, async (value) => {
      const text = JSON.stringify(value);
      expect(await parseJson(text + PADDING)).toEqual(JSON.parse(text));
    }),
  );
});

test('any text that is no JSON is refused as by JSON.parse', async () => {
  const text = fc.string({ unit: fc.constantFrom(...'[]{}",:1\\a'), maxLength: 20 });
  const broken = fc
    .tuple(text, fc.nat(3))
    .map(([inner, depth]) => `${'{"a":['.repeat(depth)}${inner}${']}'.repeat(depth)}`);
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, broken), async (given) => {
      let expected: unknown = 'invalid_body';
      try {
        expected = { value: JSON.parse(given) };
      } catch {
        // Refused.
      }
      expect(await outcomeOf(given + PADDING)).toEqual(expected);
      expect(await outcomeOf(given)).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});

describe('of a repeated key the last counts', () => {
  test.each(['{"a":[{"b":1},{"b":2}],"a":[{"b":3,"b":4}]}', '{"a":[[1]],"a":[0],"c":{"d":[1],"d":{}}}'])(
    '%s',
    async (text) => {
      expect(await parseJson(text + PADDING)).toEqual(JSON.parse(text));
    },
  );
});

describe('a body with more values than an order or a batch can have is refused', () => {
  const fill = (part: string) => part.repeat(1_000_000 / part.length);
  test.each([
    ['brackets inside brackets', fill('[')],
    ['brackets inside brackets that are closed', `${fill('[')}${fill(']')}`],
    ['objects inside objects', fill('{"a":')],
    ['empty objects', `{"orders":[${fill('{},')}{}]}`],
    ['empty objects in an order', `{"orders":[{"items":[${fill('{},')}{}]}]}`],
    ['members', `{${Array.from({ length: 100_000 }, (_, n) => `"${n}":1`)}}`],
    ['numbers', `{"items":[${fill('1,')}1]}`],
  ])('%s', async (_, text) => {
    expect(await outcomeOf(text)).toBe('too_large');
  });
});

test('a batch of a thousand orders with a hundred items each is read', async () => {
  const items = Array.from({ length: 100 }, () => ({ sku: 'S', hub_id: 'H', quantity: 1 }));
  const body = { orders: Array.from({ length: 1_000 }, (_, n) => ({ order_id: `A-${n}`, items })) };
  expect(await parseJson(JSON.stringify(body))).toEqual(body);
});
