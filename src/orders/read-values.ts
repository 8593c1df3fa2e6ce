/**
 * Reads single values of a JSON body by the rules of a row: the same trims, limits, codes and words. A wrong value is noted as a mistake,
 * and null is returned, so that the reading goes on and finds all mistakes.
 */
import { limits } from '../limits.ts';
import { cellValue } from '../model/characters.ts';
import type { OrderColumn } from '../model/columns.ts';
import { createOrderDateParser, type OrderDateParser } from '../model/order-date.ts';
import { invalidValue, type ValueCode } from '../model/reasons.ts';
import { createRowSchema, isPlainText, MAX_QUANTITY } from '../model/row-schema.ts';
import { Mistakes } from './mistakes.ts';

export type JsonObject = Record<string, unknown>;

/** The SKU and hub of an item, with its number in the list. */
export interface ItemPair {
  sku: string;
  hubId: string;
  n: number;
}

/** What the rules of values depend on. */
export class ValueRules {
  readonly parseDate: OrderDateParser;
  readonly columns: ReturnType<typeof createRowSchema>['shape'];

  constructor(timeZone: string) {
    this.parseDate = createOrderDateParser(timeZone);
    this.columns = createRowSchema(this.parseDate).shape;
  }
}

/** The members of an object that are read, and those that are shown by `GET` and cannot be set: these are ignored. */
export interface Members {
  read: ReadonlySet<string>;
  ignored: ReadonlySet<string>;
}

export const members = (read: readonly string[], ignored: readonly string[] = []): Members => ({
  read: new Set(read),
  ignored: new Set(ignored),
});

const TYPES = {
  text: 'a text in quotes',
  number: 'a number without quotes',
  object: 'an object {…}',
  list: 'a list […]',
} as const;

/** One body while it is read. */
export class Reading {
  readonly mistakes = new Mistakes();
  /** Of all items whose SKU and hub are well-formed, and of a hub that they may name, whatever else is wrong. */
  readonly pairs: ItemPair[] = [];
  readonly #rules: ValueRules;
  /** The only hubs that items may name; null: all. */
  readonly hubs: readonly string[] | null;

  constructor(rules: ValueRules, hubs: readonly string[] | null = null) {
    this.#rules = rules;
    this.hubs = hubs;
  }

  /** `name`: of the value, for people; the pointer is for programs. */
  wrongType(pointer: string, name: string, type: keyof typeof TYPES): null {
    this.mistakes.add(pointer, 'invalid_type', () => `${name} must be ${TYPES[type]}`);
    return null;
  }

  missing(pointer: string, name: string): null {
    this.mistakes.add(pointer, 'missing_value', () => `${name} is missing`);
    return null;
  }

  /** An object with these members and no others. */
  object(value: unknown, pointer: string, name: string, { read, ignored }: Members): JsonObject | null {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.wrongType(pointer, name, 'object');
    for (const member of Object.keys(value))
      if (!read.has(member) && !ignored.has(member)) this.mistakes.addUnknown(pointer, member);
    return value as JsonObject;
  }

  /** A list of 1 to `max` values. One with more is not looked into. */
  list(value: unknown, pointer: string, name: string, max: number): unknown[] | null {
    if (value === undefined) return this.missing(pointer, name);
    if (!Array.isArray(value)) return this.wrongType(pointer, name, 'list');
    if (value.length >= 1 && value.length <= max) return value;
    this.mistakes.add(pointer, 'invalid_count', () => `${name} has ${value.length} entries, 1 to ${max} are allowed`);
    return null;
  }

  /** A text by the rules of a column. */
  text(from: JsonObject, member: string, at: string, column: OrderColumn, name: string = column): string | null {
    const given = from[member];
    const pointer = `${at}/${member}`;
    if (given === undefined) return this.missing(pointer, name);
    if (typeof given !== 'string') return this.wrongType(pointer, name, 'text');
    // The rules take time in proportion to a value's length.
    if (given.length > limits.maxValueChars) {
      this.mistakes.add(
        pointer,
        'value_too_long',
        () => `${name} has ${given.length} characters, at most ${limits.maxTextChars} are allowed`,
      );
      return null;
    }
    const value = cellValue(column, given);
    if (isPlainText(column, value)) return value;
    const checked = this.#rules.columns[column].safeParse(value);
    if (checked.success) return value;
    const code = checked.error.issues[0]!.message as ValueCode;
    this.mistakes.add(pointer, code, () => {
      const date = code === 'invalid_date' ? this.#rules.parseDate(value) : undefined;
      return invalidValue(column, code, value, typeof date === 'string' ? date : undefined, name).reason;
    });
    return null;
  }

  date(from: JsonObject, at: string): number | null {
    const value = this.text(from, 'order_date', at, 'order_date');
    return value === null ? null : (this.#rules.parseDate(value) as number);
  }

  quantity(from: JsonObject, at: string): number | null {
    const { quantity } = from;
    const pointer = `${at}/quantity`;
    if (quantity === undefined) return this.missing(pointer, 'quantity');
    if (typeof quantity !== 'number') return this.wrongType(pointer, 'quantity', 'number');
    if (Number.isInteger(quantity) && quantity >= 1 && quantity <= MAX_QUANTITY) return quantity;
    this.mistakes.add(
      pointer,
      'invalid_quantity',
      () => invalidValue('quantity', 'invalid_quantity', String(quantity)).reason,
    );
    return null;
  }
}
