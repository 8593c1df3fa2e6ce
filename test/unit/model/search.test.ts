import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alikeCharacters, BEFORE_WORDS, searchWords } from '../../../src/model/search.ts';

describe('what is searched in a name', () => {
  it('is each word once, ten at most', () => {
    expect(searchWords('  Anna\u00a0 Smith anna Anna ')).toEqual(['Anna', 'Smith', 'anna']);
    expect(searchWords(' ')).toEqual([]);
    expect(searchWords(Array.from({ length: 50 }, (_, i) => `w${i}`).join(' '))).toHaveLength(10);
    expect(searchWords('Mu\u0308ller')).toEqual(['Müller']);
  });

  it('matches letters regardless of case and accents', () => {
    const isAlike = (typed: string, name: string) => {
      const letters = Array.from(name);
      return alikeCharacters(typed).every((alike, i) => alike.includes(letters[i]!));
    };
    for (const [typed, name] of [
      ['muller', 'Müller'],
      ['MÜLLER', 'muller'],
      ['nguyen', 'Nguyễn'],
      ['lodz', 'Łódź'],
      ['soren', 'Søren'],
      ['иванов', 'ИВАНОВ'],
      ['ανδρεας', 'Ανδρέας'],
      ['istanbul', 'İstanbul'],
      ['ötzi', 'Otzi'],
      ["o'brien", 'O’Brien'],
      ['strasse', 'Strasse'],
      ['straße', 'STRAẞE'],
    ] as const)
      expect([typed, isAlike(typed, name)]).toEqual([typed, true]);
    for (const [typed, name] of [
      ['muller', 'Miller'],
      ['a', 'b'],
      ['1', 'l'],
    ] as const)
      expect([typed, isAlike(typed, name)]).toEqual([typed, false]);
  });

  it('is bounded, has each character itself, and a hyphen last', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), (word) => {
        const all = alikeCharacters(word);
        expect(all.length).toBeLessThanOrEqual(100);
        all.forEach((alike, i) => {
          expect(alike).toContain(Array.from(word)[i]);
          if (alike.length > 1 && alike.includes('-')) expect(alike.at(-1)).toBe('-');
          if (alike.length > 1) expect(alike.join('')).not.toMatch(/[\]^\\]/);
          expect(alike.join('').length).toBeLessThan(200);
        });
      }),
    );
    expect(BEFORE_WORDS.at(-1)).toBe('-');
    expect(BEFORE_WORDS).not.toMatch(/[\]^\\]/);
  });
});
