/**
 * The catalog of the reference IMS: the SKUs and hubs of a CSV with the columns `sku,hub_id`. Each is valid when any row names it, so a
 * list of SKUs and a list of hubs can share a file, with blanks in the shorter one. Other columns are ignored, so a stock file works, too.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { isOmsError, OmsError } from '../errors.ts';
import { limits } from '../limits.ts';

export class Catalog {
  readonly #skus = new Set<string>();
  readonly #hubs = new Set<string>();

  hasSku(sku: string): boolean {
    return this.#skus.has(sku);
  }

  hasHub(hubId: string): boolean {
    return this.#hubs.has(hubId);
  }

  get skuCount(): number {
    return this.#skus.size;
  }

  get hubCount(): number {
    return this.#hubs.size;
  }

  /** Ignores blanks. Throws OmsError `catalog_too_large`. */
  add(sku: string, hubId: string): void {
    addTo(this.#skus, sku, 'SKUs');
    addTo(this.#hubs, hubId, 'hubs');
  }

  /** Adds all names of the other catalog. Throws OmsError `catalog_too_large`. */
  merge(other: Catalog): void {
    for (const sku of other.#skus) this.add(sku, '');
    for (const hubId of other.#hubs) this.add('', hubId);
  }
}

/** Reads a catalog from a stream. Throws OmsError `invalid_catalog` or `catalog_too_large`. */
export async function readCatalog(csv: Readable): Promise<Catalog> {
  const catalog = new Catalog();
  let headerSeen = false;
  const parser = parse<{ sku?: string; hub_id?: string }>({
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: limits.maxRecordBytes,
    columns: (header: string[]) => {
      headerSeen = true;
      return columnsOf(header);
    },
  });
  try {
    await pipeline(csv, parser, async (records: AsyncIterable<{ sku?: string; hub_id?: string }>) => {
      for await (const record of records) catalog.add(record.sku ?? '', record.hub_id ?? '');
    });
  } catch (error) {
    if (isOmsError(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OmsError('invalid_catalog', `The catalog cannot be read: ${reason}`, { cause: error });
  }
  if (!headerSeen) throw new OmsError('invalid_catalog', 'The catalog is empty: it needs a header "sku,hub_id".');
  return catalog;
}

/** `readCatalog` of a file. The message of an error names the file. */
export async function readCatalogFile(path: string): Promise<Catalog> {
  try {
    return await readCatalog(createReadStream(path));
  } catch (error) {
    if (!isOmsError(error)) throw error;
    throw new OmsError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

function columnsOf(header: string[]): string[] {
  const names = header.map((name) => name.toLowerCase());
  for (const column of ['sku', 'hub_id']) {
    if (!names.includes(column)) throw new OmsError('invalid_catalog', `The catalog has no column "${column}".`);
  }
  return names;
}

function addTo(values: Set<string>, value: string, what: string): void {
  if (value === '' || values.has(value)) return;
  if (values.size >= limits.referenceImsCatalogValues) {
    throw new OmsError('catalog_too_large', `The catalog has more than ${limits.referenceImsCatalogValues} ${what}.`);
  }
  values.add(value);
}
