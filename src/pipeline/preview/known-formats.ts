/** The formats that a preview finds by itself: those that come with the service, where a file has the columns that they read. */
import { OmsError } from '../../errors.ts';
import { nameKey } from '../../model/column-names.ts';
import { ORDER_COLUMNS } from '../../model/columns.ts';
import { type Format, namesOf } from '../../model/format.ts';
import { OMS } from '../../model/presets/oms.ts';
import { PRESETS } from '../../model/presets.ts';

/** Throws `not_found`. */
export function formatNamed(name: string): Format {
  const format = PRESETS.get(name);
  if (format === undefined)
    throw new OmsError(
      'not_found',
      `there is no format ${JSON.stringify(name)}: there are ${[...PRESETS.keys()].join(', ')}`,
    );
  return format;
}

export async function fittingFormat(columns: readonly string[]): Promise<{ by: 'preset'; format: Format } | null> {
  const preset = fittingPreset(columns);
  return preset && { by: 'preset', format: preset };
}

/** The preset of which a file with these columns has most; null: none fits. */
function fittingPreset(columns: readonly string[]): Format | null {
  const keys = new Set(columns.map(nameKey));
  // A file with all columns of the standard is a standard file, unless it is one that the service wrote.
  const isOwn = OWN_COLUMNS.every((name) => keys.has(name));
  let best: { format: Format; names: number } | null = null;
  for (const format of PRESETS.values()) {
    const names = format === OMS && !isOwn ? null : namesFound(format, keys);
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
