/**
 * A disk that is really full: the data directory is a small tmpfs. Uploads are refused with 507 and leave nothing (INV-5), files in work
 * wait and resume when there is space again (INV-7), and orders, stock and events are consistent afterwards.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/limits.ts';
import { expectSound, fileIds, problemOf, repeat, stockUp, uploadStream } from '../support/bad-input.ts';
import {
  csv,
  ended,
  type FileJson,
  getJson,
  orderLine,
  runOms,
  type Service,
  setStock,
  startService,
  temporaryDirectory,
  upload,
} from '../support/service.ts';

const KiB = 1024;
const disk = await temporaryDirectory();
const whyNot = mount(disk);
if (whyNot !== null && process.env.CI === 'true')
  throw new Error(`no tmpfs can be mounted, which CI must be able to do, as root: ${whyNot}`);
if (whyNot !== null) console.warn(`skipped: no tmpfs can be mounted for a full disk, which takes root: ${whyNot}`);

/** Mounts the disk. Returns null, or why that is not possible. */
function mount(path: string): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', path], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

const unmount = () => execFileSync('umount', [disk]);
// This was only a trial: the tests mount it when they run.
if (whyNot === null) unmount();

let service: Service | undefined;

describe.skipIf(whyNot !== null)('a full disk', () => {
  const filler = join(disk, 'filler');

  /** Leaves at most this much space on the disk. */
  function fillUp(leaveBytes: number): void {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes), 'f'));
  }
  const freeUp = () => rmSync(filler, { force: true });
  const switchIms = (switches: object) =>
    fetch(`${service!.imsUrl}/switches`, { method: 'PUT', body: JSON.stringify(switches) });

  beforeAll(async () => {
    expect(mount(disk)).toBeNull();
    mkdirSync(join(disk, 'data'));
    service = await startService({ dataDirectory: join(disk, 'data') });
    await stockUp(service);
  });
  afterAll(async () => {
    await service?.kill('SIGKILL');
    unmount();
  });

  test('refuses uploads and changes of stock with 507, leaves nothing of them, and still serves reads', async () => {
    const files = await fileIds(service!);
    fillUp(0);
    const diskFull = { status: 507, code: 'disk_full', detail: expect.stringContaining('free some space') };
    const line = `${orderLine('D-refused')}\n`;
    expect(await problemOf(await upload(service!, csv(line)))).toMatchObject(diskFull);
    expect(await problemOf(await uploadStream(service!, [csv(), ...repeat(line.repeat(1_000), 100)]))).toMatchObject(
      diskFull,
    );
    const form = new FormData();
    form.append('file', new File([csv(line)], 'orders.csv', { type: 'text/csv' }));
    expect(await problemOf(await fetch(`${service!.url}/upload`, { method: 'POST', body: form }))).toMatchObject(
      diskFull,
    );
    await expect(
      setStock(
        service!,
        Array.from({ length: 100_000 }, (_, i) => [`D-${i}`, 'HUB-1', 1]),
      ),
    ).rejects.toThrow('507');

    expect(await fileIds(service!)).toEqual(files);
    expect((await fetch(`${service!.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${service!.url}/readyz`)).status).toBe(503);

    freeUp();
    await expectSound(service!);
    expect((await fetch(`${service!.url}/readyz`)).status).toBe(200);
    expect(await getJson(service!, '/inventory?sku=D-0')).toMatchObject({ items: [] });
  });

  test('makes a file in work wait for the store until there is space, and refuses uploads that do not fit', async () => {
    await switchIms({ outage: true });
    const lines = Array.from({ length: 12_000 }, (_, i) =>
      orderLine(`D-${i}`, { quantity: '1', total_amount: '19.99' }),
    );
    const response = await upload(service!, csv(...lines));
    const { file_id } = (await response.json()) as FileJson;
    const file = () => getJson<FileJson>(service!, `/files/${file_id}`);
    await expect.poll(file).toMatchObject({ status: 'waiting', waiting_for: 'ims' });
    // Room for the record of the wait, but not for a chunk of orders.
    fillUp(256 * KiB);
    await switchIms({ outage: false });
    await expect.poll(file).toMatchObject({ status: 'waiting', waiting_for: 'store' });
    expect((await file()).progress.invalid).toBe(0);
    const other = await uploadStream(service!, [csv(), ...repeat(`${orderLine('D-refused')}\n`.repeat(1_000), 20)]);
    expect(await problemOf(other)).toMatchObject({ status: 507, code: 'disk_full' });

    freeUp();
    expect(await ended(service!, file_id)).toMatchObject({
      status: 'completed',
      waiting_for: null,
      progress: { rows: 12_000, accepted: 12_000, invalid: 0 },
    });
    await expectSound(service!);
  });

  test('with space only in the reserve of the store accepts no uploads, and lets a file wait with its report', async () => {
    await switchIms({ outage: true });
    const lines = Array.from({ length: 2_000 }, (_, i) => orderLine(`D-bad-${i}`, { sku: 'SKU-NEW', quantity: '0' }));
    const response = await upload(service!, csv(...lines));
    const { file_id } = (await response.json()) as FileJson;
    const file = () => getJson<FileJson>(service!, `/files/${file_id}`);
    await expect.poll(file).toMatchObject({ status: 'waiting', waiting_for: 'ims' });
    fillUp(limits.minFreeBytes - 2 * 1024 * KiB);
    await switchIms({ outage: false });
    await expect.poll(file).toMatchObject({
      status: 'waiting',
      waiting_for: 'store',
      progress: { rows: 2_000, accepted: 0, invalid: 2_000 },
    });
    const { percent, eta_seconds } = (await file()).progress;
    expect(percent).toBeLessThan(100);
    expect(eta_seconds ?? 1).toBeGreaterThan(0);
    const other = await uploadStream(service!, [csv(), ...repeat(`${orderLine('D-refused')}\n`.repeat(1_000), 20)]);
    expect(await problemOf(other)).toMatchObject({ status: 507, code: 'disk_full' });

    freeUp();
    expect(await ended(service!, file_id)).toMatchObject({ status: 'completed', invalid_file: expect.any(String) });
    await expectSound(service!);
  });

  test('leaves a store with consistent orders, stock and events', async () => {
    expect(await service!.stop()).toBe(0);
    const { code, stdout } = await runOms(['verify'], { OMS_DATA_DIR: service!.dataDirectory });
    expect(stdout).not.toBe('');
    expect(code, stdout).toBe(0);
  });
});
