/** The formats of the store, and the presets: found, listed, saved, deleted. `formats-of-files.ts` reads files by them. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Principal, View } from '../model/access.ts';
import { nameKey } from '../model/column-names.ts';
import { type Format, keysOf } from '../model/format.ts';
import { PRESETS } from '../model/presets.ts';
import { seesFile } from '../model/views.ts';
import type { Clock } from '../ports/clock.ts';
import type { Page, PageRequest } from '../ports/page.ts';
import type { SmallRecord, SmallRecords } from '../ports/small-records.ts';

export interface FormatData {
  format: Format;
  /** The only hubs of whoever has saved it; null: all. */
  hubs: readonly string[] | null;
  savedMs: number;
  savedBy: string | null;
}

/** A version of a format, or a preset. */
export type SavedFormat = { format: Format; version: number } & (
  | { preset: true }
  | ({ preset: false } & Omit<FormatData, 'format'>)
);

/** What of a view decides which formats it shows: presets, and those that are seen like files. */
type Seer = Pick<View, 'hubs'>;

export interface FormatPorts {
  store: { smallRecords: SmallRecords };
  clock: Clock;
}

/** Presets change with releases only. */
const PRESET_VERSION = 1;
const presets: readonly SavedFormat[] = [...PRESETS.values()].map((format) => ({
  ...{ format, version: PRESET_VERSION, preset: true },
}));

export class Formats {
  readonly #ports: FormatPorts;

  constructor(ports: FormatPorts) {
    this.#ports = ports;
  }

  get #records(): SmallRecords {
    return this.#ports.store.smallRecords;
  }

  /** Null where there is none that is seen. */
  async find(name: string, seer: Seer): Promise<SavedFormat | null> {
    const preset = presets.find(({ format }) => format.name === name);
    if (preset) return preset;
    const record = await this.#records.get<FormatData>('format', name);
    return record && seesFile(seer, record.data) ? shown(record) : null;
  }

  /** The presets, then the others by name. */
  async list(seer: Seer, { after, limit }: PageRequest): Promise<Page<SavedFormat>> {
    const [from, position] = readPosition(after);
    const first = presets.slice(from, from + limit);
    if (first.length === limit) return { items: first, next: JSON.stringify([from + limit, null]) };
    const rest = { limit: limit - first.length, after: position };
    const { items, next } = await this.#records.list<FormatData>('format', null, rest);
    const seen = items.filter(({ data }) => seesFile(seer, data)).map(shown);
    return { items: [...first, ...seen], next: next && JSON.stringify([presets.length, next]) };
  }

  /**
   * Saves the format under its name; one that says what it said before stays as it is. `versions`: only over one of these, null: over any.
   * Throws `format_exists` for names of presets and of formats that are not seen, `version_mismatch`, `store_contention`.
   */
  async save(
    format: Format,
    by: Principal,
    versions: readonly number[] | null,
  ): Promise<SavedFormat & { isNew: boolean }> {
    const { name } = format;
    for (let round = 0; round < limits.orderRounds; round++) {
      const stored = await this.#changeable(name, by);
      if (versions !== null && !versions.includes(stored?.version ?? 0)) throw versionMismatch(name, stored);
      if (stored && JSON.stringify(stored.data.format) === JSON.stringify(format))
        return { ...shown(stored), isNew: false };
      const record: SmallRecord<FormatData> = {
        ...{ kind: 'format', id: name, version: (stored?.version ?? 0) + 1, owner: headerId(format), expiresMs: null },
        data: {
          ...{ format, hubs: stored ? stored.data.hubs : by.hubs && [...new Set(by.hubs)].sort() },
          ...{ savedMs: this.#ports.clock.now(), savedBy: by.name },
        },
      };
      if (await this.#records.put(record)) return { ...shown(record), isNew: stored === null };
    }
    throw new OmsError('store_contention', `the format ${name} is being changed by others: try again`, {
      retryable: true,
    });
  }

  /** Files that were read by it keep what it said. False where there was none. Throws `format_exists` as above. */
  async delete(name: string, by: Seer): Promise<boolean> {
    if (!(await this.#changeable(name, by))) return false;
    await this.#records.delete('format', name);
    return true;
  }

  /** Throws `format_exists` for what the caller cannot change. */
  async #changeable(name: string, seer: Seer): Promise<SmallRecord<FormatData> | null> {
    if (PRESETS.has(name))
      throw new OmsError('format_exists', `${name} comes with the service: save yours under another name`);
    const record = await this.#records.get<FormatData>('format', name);
    if (record && !seesFile(seer, record.data))
      throw new OmsError('format_exists', `there is a format ${name} already: save yours under another name`);
    return record;
  }
}

const positionSchema = z.tuple([z.int().min(0), z.string().nullable()]);

function readPosition(after: string | null): z.infer<typeof positionSchema> {
  if (after === null) return [0, null];
  try {
    return positionSchema.parse(JSON.parse(after));
  } catch {
    throw new OmsError('invalid_cursor', 'the cursor is not one that this list gave: start again without it');
  }
}

export const shown = ({ data, version }: SmallRecord<FormatData>): SavedFormat => ({ ...data, version, preset: false });

function versionMismatch(name: string, stored: SmallRecord | null): OmsError {
  const is = stored ? `has version ${stored.version}` : 'does not exist';
  return new OmsError('version_mismatch', `the format ${name} ${is}: read it again, then change it`, {
    details: { current_version: stored?.version ?? 0 },
  });
}

/** In one order, whatever that of the file is. Columns without a name, and those that are never read, do not count. */
export const headerKeys = (columns: readonly string[]): string[] => {
  const named = columns.filter((name) => !name.trim().startsWith('_')).map(nameKey);
  return [...new Set(named)].filter((key) => key !== '').sort();
};

/** The header that a format is for: the one that it was made from, else the columns that it reads. */
const headerId = (format: Format): string =>
  idOfHeader(format.header.columns ? headerKeys(format.header.columns) : [...keysOf(format)].sort());

/** What formats of the same header share. */
export const idOfHeader = (keys: readonly string[]): string => digest(keys.join('\n'));

export const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
