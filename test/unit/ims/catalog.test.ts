import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Catalog, readCatalog, readCatalogFile } from '../../../src/ims/catalog.ts';

const read = (...parts: (string | Buffer)[]) => readCatalog(Readable.from(parts.map((part) => Buffer.from(part))));

describe('the catalog of the reference IMS', () => {
  it('knows a SKU and a hub that any row names, and no others', async () => {
    const catalog = await read('sku,hub_id\nA,H1\nB,H2\n');
    expect(['A', 'B', 'a', 'C', ''].map((sku) => catalog.hasSku(sku))).toEqual([true, true, false, false, false]);
    expect(['H1', 'H2', 'h1', ''].map((hubId) => catalog.hasHub(hubId))).toEqual([true, true, false, false]);
  });

  it('reads columns in any order, in any case, beside others, after a byte order mark', async () => {
    const catalog = await read('\uFEFFHub_ID , available,SKU\r\n H1 ,5, A \r\n');
    expect(catalog.hasSku('A')).toBe(true);
    expect(catalog.hasHub('H1')).toBe(true);
  });

  it('takes blanks and short rows as naming nothing', async () => {
    const catalog = await read('sku,hub_id\nA,\n,H1\n\nB\n');
    expect([catalog.skuCount, catalog.hubCount]).toEqual([2, 1]);
  });

  it('reads a character that is cut between two blocks', async () => {
    const bytes = Buffer.from('sku,hub_id\nÉ,H1\n');
    const catalog = await read(bytes.subarray(0, 12), bytes.subarray(12));
    expect(catalog.hasSku('É')).toBe(true);
  });

  it('says which column is missing', async () => {
    await expect(read('sku,hub\nA,H1\n')).rejects.toMatchObject({
      code: 'invalid_catalog',
      message: expect.stringContaining('"hub_id"'),
    });
  });

  it('refuses an empty catalog and a broken one', async () => {
    await expect(read('')).rejects.toMatchObject({ code: 'invalid_catalog' });
    await expect(read('sku,hub_id\n"A,H1\n')).rejects.toMatchObject({ code: 'invalid_catalog' });
  });

  it('adds what another catalog knows', async () => {
    const catalog = new Catalog();
    catalog.add('A', 'H1');
    catalog.merge(await read('sku,hub_id\nA,H2\nB,H2\n'));
    expect([catalog.skuCount, catalog.hubCount]).toEqual([2, 2]);
  });

  it('is read from a file, which an error names', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'catalog-'));
    const path = join(directory, 'catalog.csv');
    await expect(readCatalogFile(path)).rejects.toMatchObject({
      code: 'invalid_catalog',
      message: expect.stringContaining(path),
    });
    await writeFile(path, 'sku,hub_id\nA,H1\n');
    expect((await readCatalogFile(path)).hasSku('A')).toBe(true);
    await rm(directory, { recursive: true });
  });
});
