/** The formats that a preview finds by itself: a saved one as an upload finds it, and those that come with the service. */
import type { View } from '../../model/access.ts';
import { nameKey } from '../../model/column-names.ts';
import { ORDER_COLUMNS } from '../../model/columns.ts';
import { type Format, namesOf } from '../../model/format.ts';
import { OMS } from '../../model/presets/oms.ts';
import { PRESETS } from '../../model/presets.ts';
import { FormatsOfFiles, type KeptPorts } from '../formats-of-files.ts';
import type { PossibleHeader } from '../read/file-head.ts';

export interface KnownFormats {
  /** The saved format that has one of these headers; null: none. Throws `missing_column` where several have it. */
  saved(headers: readonly PossibleHeader[]): Promise<Format | null>;
  /** The preset for files with these columns, below so many rows; null: none fits. */
  preset(columns: readonly string[], rowsAbove: number): Format | null;
}

/** `viewer`: to whom saved formats are shown as they are listed. */
export function knownFormats(ports: KeptPorts, viewer: Pick<View, 'hubs'>): KnownFormats {
  const formats = new FormatsOfFiles(ports);
  return {
    saved: async (headers) => (await formats.withHeader(headers, viewer))?.format ?? null,
    preset: fittingPreset,
  };
}

/** The preset of which a file with these columns has most. */
function fittingPreset(columns: readonly string[], rowsAbove: number): Format | null {
  const keys = new Set(columns.map(nameKey));
  // A file with all columns of the standard is a standard file, unless it is one that the service wrote.
  const isOwn = OWN_COLUMNS.every((name) => keys.has(name));
  let best: { format: Format; names: number } | null = null;
  for (const format of PRESETS.values()) {
    if (format.header.skip_rows !== rowsAbove || (format === OMS && !isOwn)) continue;
    const names = namesFound(format, keys);
    if (names !== null && names > (best?.names ?? 0)) best = { format, names };
  }
  return best?.format ?? null;
}

/** Beside those of an order, in a list of orders as CSV. */
const OWN_COLUMNS = ['status', 'version'];

/** How many of its names are there; null where a column of an order has none of them, or not all that are joined. */
function namesFound({ columns, only }: Format, keys: ReadonlySet<string>): number | null {
  const has = (name: string) => keys.has(nameKey(name));
  if (only && !has(only.column)) return null;
  let found = 0;
  for (const column of ORDER_COLUMNS) {
    const source = columns[column];
    const names = namesOf(source);
    const there = names.filter(has).length;
    if (names.length > 0 && (there === 0 || ('join' in source && there < names.length))) return null;
    found += there;
  }
  return found;
}
