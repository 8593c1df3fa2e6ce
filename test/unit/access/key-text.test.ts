/** The text of API keys: what is told of one without asking the store. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isKeyId, newKeyId, newKeyText, readKeyText } from '../../../src/access/key-text.ts';

const typo = expect.stringContaining('typo');
const cut = expect.stringContaining('cut or changed');

test('a key has its id, a secret of its own, and nothing that needs quoting', () => {
  const id = newKeyId();
  const keys = Array.from({ length: 100 }, () => newKeyText(id));
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) {
    expect(key).toMatch(new RegExp(`^oms_${id}_[0-9A-Za-z]{49}$`));
    expect(readKeyText(key)).toEqual({ id });
  }
  expect(isKeyId(id)).toBe(true);
});

test('a key with one character that is wrong, or two that changed places, has a typo', () => {
  const key = newKeyText(newKeyId());
  const [start, end] = ['oms_'.length, key.length - 1];
  fc.assert(
    fc.property(fc.integer({ min: start, max: end }), fc.constantFrom(...'0aZ9k'), (at, other) => {
      const wrong = key.slice(0, at) + other + key.slice(at + 1);
      if (wrong === key) return;
      expect(readKeyText(wrong)).toEqual({ fault: key[at] === '_' ? cut : typo });
    }),
  );
  const at = [...key].findIndex((char, i) => i > start && char !== key[i + 1] && char !== '_' && key[i + 1] !== '_');
  expect(readKeyText(key.slice(0, at) + key[at + 1] + key[at] + key.slice(at + 2))).toEqual({ fault: typo });
});

test.each([
  'oms_',
  'oms__',
  'oms_abc_def',
  `oms_${'a'.repeat(13)}_${'a'.repeat(48)}`,
  'oms_\n',
  `oms_${'é'.repeat(63)}`,
])('what is not of the form of a key is told as such: %j', (text) => {
  expect(readKeyText(text)).toEqual({ fault: cut });
  const key = newKeyText(newKeyId());
  expect(readKeyText(key.slice(0, -1))).toEqual({ fault: cut });
  expect(readKeyText(` ${key}`)).toEqual({ fault: cut });
  expect(readKeyText(key + key)).toEqual({ fault: cut });
});
