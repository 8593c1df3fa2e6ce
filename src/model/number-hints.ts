/**
 * Advice on a value that is not a quantity or an amount, by how people and spreadsheets write numbers. A user who follows it word by word
 * gets the value that was meant, or the next advice, never another value: where a sign has two meanings, the advice names both.
 */
import { limits } from '../limits.ts';

type Kind = 'quantity' | 'amount';

const SPREADSHEET_ERROR = /^#(REF|N\/A|VALUE|DIV\/0|NAME|NUM|NULL|SPILL|CALC|BLOCKED|GETTING_DATA)[!?]?$/i;
const NOTHING = /^([-–—?.]+|null|nil|none|n\/?a|n\.a\.|undefined|tbd)$/i;
const OTHER_DIGIT = /(?![0-9])\p{Nd}/u;
const CODE = String.raw`[A-Z]{3}|eur|usd|gbp|chf|(?:[A-Z]{1,2})?\p{Sc}|kr\.?|zł|Kč|Fr\.|Ft`;
const CURRENCY_BEFORE = new RegExp(String.raw`^([-−(]?)\s*(?:${CODE})\s*(?=[-−(.,]?\d)`, 'u');
const CURRENCY_BEHIND = new RegExp(String.raw`(?<=\d[.,]?[-−)]?)\s*(?:${CODE})(\)?)$`, 'u');
const UNIT = /(?<=\d)\s*(x|pcs?\.?|pieces?|units?|items?|ea\.?|st\.?|stk\.?|stück)$/i;
const NUMBER = String.raw`\d[\d.,\s'’ʼ_]*`;
const NEGATIVE = new RegExp(String.raw`^(?:[-−–]\s*${NUMBER}|${NUMBER}[-−]|\(\s*${NUMBER}\))$`);
const EXPONENT = /^[+-]?\d+([.,]\d*)?e[+-]?\d+$/i;

/** Groups of three digits, the first not a zero, separated by one kind of sign, or Indian groups. Decimals have another sign. */
const GROUPED = /^([1-9]\d{0,2})(?:([.,\s'’ʼ_])\d{3})(?:\2\d{3})*(?:(?!\2)([.,])(\d+))?$/u;
const GROUPED_BY_TWO = /^[1-9]\d?(,\d{2})+,\d{3}(?:\.(\d+))?$/;
const DECIMALS = /^\d+([.,])(\d+)$/;
const LACKS_DIGITS = /^([.,]\d+|\d+[.,])$/;

/** Advice to append to the reason; `''` when there is none. */
export function numberHint(kind: Kind, value: string): string {
  // A longer value is not a number, and matching it would take long.
  if (value.length > limits.maxReasonValueChars) return '';
  if (SPREADSHEET_ERROR.test(value)) return 'a spreadsheet could not calculate this cell, fix its formula';
  if (/^#{2,}$/.test(value)) return 'the column was too narrow in a spreadsheet, widen it and save the file again';
  if (value.startsWith('=')) return 'this is a formula, save its result';
  if (NOTHING.test(value)) return `this stands for no value, write the ${kind}`;
  const advice: string[] = [];
  let text = value;
  if (OTHER_DIGIT.test(text)) {
    advice.push('use the digits 0 to 9');
    text = withAsciiDigits(text);
  }
  const bare =
    kind === 'amount' ? text.replace(CURRENCY_BEFORE, '$1').replace(CURRENCY_BEHIND, '$1') : text.replace(UNIT, '');
  if (bare !== text) advice.push(kind === 'amount' ? 'leave out the currency' : 'leave out the unit');
  text = bare;
  if (NEGATIVE.test(text))
    return kind === 'quantity'
      ? 'orders are for goods that go out, a return is not an order'
      : 'an amount is not negative, a return or a credit is not an order';
  if (/^\+\s*\d/.test(text)) {
    advice.push('leave out the plus sign');
    text = text.replace(/^\+\s*/, '');
  }
  if (EXPONENT.test(text)) return joined([...advice, 'write the number in full, without an exponent']);
  const grouped = GROUPED.exec(text);
  const [, , separator = ',', point, decimals] = grouped ?? [];
  const others = grouped ?? GROUPED_BY_TWO.exec(text);
  if (grouped && point === undefined && (separator === '.' || separator === ',') && countOf(text, separator) === 1)
    return joined([...advice, eitherOf(kind, text, separator)]);
  if (others) {
    advice.push('leave out the thousands separators');
    text = text.replaceAll(separator, '');
    if (decimals === undefined && !DECIMALS.test(text)) return joined(advice, text);
  }
  if (LACKS_DIGITS.test(text)) return joined([...advice, 'digits are needed before and after the point']);
  const fraction = DECIMALS.exec(text);
  if (!fraction) {
    if (kind === 'quantity' && /^0+$/.test(text)) return joined([...advice, 'an order is for at least one piece']);
    return /^\d+$/.test(text) ? joined(advice, text) : joined(advice);
  }
  const [, sign, digits] = fraction as unknown as [string, string, string];
  if (kind === 'quantity') {
    if (!/^0+$/.test(digits)) return joined([...advice, 'pieces are whole, a quantity has no decimals']);
    return joined([...advice, 'leave out the decimals'], text.slice(0, -digits.length - 1));
  }
  if (sign === ',') advice.push('use a point for decimals');
  if (digits.length > 2) return joined([...advice, 'at most 2 decimals']);
  return joined(advice, text.replace(',', '.'));
}

/** Only its writer knows what `1,000` means. */
function eitherOf(kind: Kind, text: string, separator: string): string {
  const sign = separator === ',' ? 'comma' : 'point';
  const [whole, digits] = text.split(separator) as [string, string];
  const thousands = `write ${whole}${digits} if the ${sign} separates thousands`;
  const isWhole = /^0+$/.test(digits);
  if (kind === 'quantity')
    return isWhole ? `${thousands}, or ${whole} if decimals` : `${thousands}, a quantity has no decimals`;
  return isWhole ? `${thousands}, or ${whole}.00 if decimals` : `${thousands}, else at most 2 decimals`;
}

/** The advice in one sentence, with the result when more than one change leads to it. */
const joined = (advice: string[], result?: string): string =>
  advice.join(', ') + (advice.length > 1 && result !== undefined ? `: ${result}` : '');

const countOf = (text: string, sign: string): number => text.split(sign).length - 1;

/** Unicode has digits in blocks of ten, which do not touch once compatibility forms are normalized. */
function withAsciiDigits(text: string): string {
  return text.normalize('NFKC').replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0)!;
    let zero = code;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((code - zero) % 10);
  });
}
