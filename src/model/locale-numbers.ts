/**
 * Numbers as a format declares them: with a decimal comma, say, groups of three digits, a currency around them. A text of exactly that
 * form becomes the same number in standard form, `1234.50`; nothing is guessed.
 */
export interface NumberForm {
  decimal: '.' | ',';
  /** Between groups of three digits; '' where there are none. */
  group: '' | ',' | '.' | ' ' | "'";
  /** A code of ISO 4217 that, like its sign, may stand before or behind an amount; null: none may. */
  currency: string | null;
}

/** Signs that people write for a currency, beside its code. */
const SIGNS: Record<string, readonly string[]> = {
  EUR: ['€'],
  USD: ['$', 'US$'],
  GBP: ['£'],
  JPY: ['¥', '￥', '円'],
  CNY: ['¥', '￥', '元', 'RMB'],
  CHF: ['Fr.', 'SFr.'],
  CAD: ['$', 'CA$', 'C$'],
  AUD: ['$', 'AU$', 'A$'],
  NZD: ['$', 'NZ$'],
  MXN: ['$', 'MX$'],
  BRL: ['R$'],
  SEK: ['kr', 'kr.'],
  NOK: ['kr', 'kr.'],
  DKK: ['kr', 'kr.'],
  PLN: ['zł'],
  CZK: ['Kč'],
  HUF: ['Ft'],
  RON: ['lei'],
  TRY: ['₺', 'TL'],
  UAH: ['₴'],
  RUB: ['₽'],
  INR: ['₹', 'Rs.', 'Rs'],
  KRW: ['₩'],
  ILS: ['₪'],
  ZAR: ['R'],
};

/** The code of a currency, by its code or its sign; of several that share a sign, the first. Null: unknown. */
export function currencyOf(mark: string): string | null {
  if (/^[A-Z]{3}$/.test(mark)) return mark;
  return Object.keys(SIGNS).find((code) => SIGNS[code]!.includes(mark)) ?? null;
}

/** Signs that look alike, and that keyboards and exports use for one another: others by the one that a format names. */
export const ALIKE: Record<string, readonly string[]> = { ' ': ['\u00a0', '\u202f', '\u2009'], "'": ['\u2019'] };
const alike = (sign: string): string => `[${[sign, ...(ALIKE[sign] ?? [])].join('')}]`;
const SPACES = `${alike(' ')}*`;

/** A text of this form in standard form; null where it has another form. */
export type NumberReader = (text: string) => string | null;

export const createAmountReader = (form: NumberForm): NumberReader => reader(form, true);
export const createQuantityReader = (form: NumberForm): NumberReader => reader({ ...form, currency: null }, false);

function reader({ decimal, group, currency }: NumberForm, hasDecimals: boolean): NumberReader {
  const sign = alike(group);
  const whole = group === '' ? '\\d+' : `[1-9]\\d{0,2}(?:${sign}\\d{3})+|\\d+`;
  const number = new RegExp(`^(${whole})${hasDecimals ? `(?:[${decimal}](\\d+))?` : ''}$`, 'u');
  const separators = new RegExp(sign, 'gu');
  const around = currency === null ? null : bareOf(currency);
  return (text) => {
    const found = number.exec(around === null ? text : around(text));
    if (found === null) return null;
    const digits = group === '' ? found[1]! : found[1]!.replace(separators, '');
    return found[2] === undefined ? digits : `${digits}.${found[2]}`;
  };
}

/** Takes the currency off, once, before or behind the number. */
function bareOf(currency: string): (text: string) => string {
  const marks = [currency, ...(SIGNS[currency] ?? [])].map((mark) => RegExp.escape(mark)).join('|');
  const before = new RegExp(`^(?:${marks})${SPACES}(?=\\d)`, 'iu');
  const behind = new RegExp(`(?<=\\d)${SPACES}(?:${marks})$`, 'iu');
  return (text) => {
    const bare = text.replace(before, '');
    return bare === text ? text.replace(behind, '') : bare;
  };
}

/** How an amount is written: `1.234,50`. */
export const exampleOf = ({ decimal, group }: NumberForm): string => `1${group}234${decimal}50`;
