/** Files: the creation of a file. */
import { describe, expect, test } from 'vitest';
import { COMPLETED, claimFile, createFile, FAILED, LEASE_MS, newClaim, newFile, WAIT } from '../../support/chunks.ts';
import { onEachOrderStore } from './contract.ts';

onEachOrderStore(({ opened, unique }) => {
  describe('the creation of a file', () => {
    test('records what was uploaded, queued', async () => {
      const file = newFile({
        name: 'März.csv',
        uploadedBy: 'key:abc',
        encodingOverride: 'utf-16le',
        sheet: 'März',
        parentFileId: 'f_parent',
      });
      const created = await opened.first.files.create(file);
      expect(created).toMatchObject({
        kind: 'created',
        file: {
          fileId: file.fileId,
          name: 'März.csv',
          status: 'queued',
          sha256: file.sha256,
          sizeBytes: 1_000,
          uploadedBy: 'key:abc',
          objectVersion: '1',
          encodingOverride: 'utf-16le',
          sheet: 'März',
          parentFileId: 'f_parent',
          attempts: 0,
          nextChunk: 0,
          rows: 0,
          report: null,
          failure: null,
          startedAtMs: null,
        },
      });
      expect(created).toEqual({ kind: 'created', file: await opened.second.files.get(file.fileId) });
      expect(await opened.first.files.get('f_unknown')).toBeNull();
    });

    test('counts the open files of who uploaded them, up to a bound', async () => {
      const uploadedBy = unique('key:counted');
      for (let i = 0; i < 3; i++) await createFile(opened.first, { uploadedBy });
      await createFile(opened.first, { uploadedBy: `${uploadedBy}-other` });
      await createFile(opened.first, {});
      expect(await opened.second.files.openOf(uploadedBy, 10)).toBe(3);
      expect(await opened.second.files.openOf(uploadedBy, 2)).toBe(2);
      const claim = await newClaim(opened.first, { uploadedBy });
      expect(await opened.second.files.openOf(uploadedBy, 10)).toBe(4);
      await opened.first.files.finish(claim, FAILED);
      expect(await opened.second.files.openOf(uploadedBy, 10)).toBe(3);
    });

    test('of the same bytes in parallel creates one file', async () => {
      const { sha256 } = newFile();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? opened.first : opened.second).files.create(newFile({ sha256 }))),
      );
      const created = answers.filter((answer) => answer.kind === 'created');
      expect(created).toHaveLength(1);
      const existingFileId = created[0]!.file.fileId;
      expect(answers.filter((answer) => answer.kind !== 'created')).toEqual(
        Array(19).fill({ kind: 'duplicate', existingFileId }),
      );
    });

    test('is refused while the same bytes are queued, processing, waiting or completed, unless it is forced', async () => {
      const { sha256 } = newFile();
      const fileId = await createFile(opened.first, { sha256 });
      const duplicate = { kind: 'duplicate', existingFileId: fileId };
      const refuse = async () => {
        expect(await opened.first.files.wouldRefuse(newFile({ sha256 }))).toEqual(duplicate);
        expect(await opened.first.files.create(newFile({ sha256 }))).toEqual(duplicate);
      };
      await refuse();
      const claim = await claimFile(opened.first, fileId);
      await refuse();
      await opened.first.files.setWaiting(claim, WAIT);
      await refuse();
      await opened.first.files.finish(claim, COMPLETED);
      await refuse();
      expect(await opened.first.files.wouldRefuse(newFile({ sha256, force: true }))).toBeNull();
      expect((await opened.first.files.create(newFile({ sha256, force: true }))).kind).toBe('created');
      expect((await opened.first.files.create(newFile({ sha256, force: true }))).kind).toBe('created');
    });

    test('succeeds after the same bytes failed or were cancelled', async () => {
      const { sha256 } = newFile();
      await opened.first.files.finish(await newClaim(opened.first, { sha256 }), FAILED);
      expect(await opened.first.files.wouldRefuse(newFile({ sha256 }))).toBeNull();
      await opened.first.files.requestCancel(await createFile(opened.first, { sha256 }));
      await createFile(opened.first, { sha256 });
    });

    test('is repeated under its idempotency key, and refused for other bytes', async () => {
      const file = newFile({ idempotencyKey: unique('key') });
      await opened.first.files.create(file);
      const again = newFile({ idempotencyKey: file.idempotencyKey, sha256: file.sha256 });
      expect(await opened.first.files.wouldRefuse(again)).toMatchObject({
        kind: 'repeated',
        file: { fileId: file.fileId },
      });
      expect(await opened.first.files.create(again)).toMatchObject({ kind: 'repeated', file: { fileId: file.fileId } });
      expect(await opened.first.files.create({ ...again, force: true })).toMatchObject({ kind: 'repeated' });
      const other = newFile({ idempotencyKey: file.idempotencyKey });
      expect(await opened.first.files.wouldRefuse(other)).toEqual({ kind: 'key_reused' });
      expect(await opened.first.files.create(other)).toEqual({ kind: 'key_reused' });
      expect(await opened.first.files.get(other.fileId)).toBeNull();
    });

    test('a key is found, not its bytes alone, while its file is being created', async () => {
      for (let round = 0; round < 50; round++) {
        const file = newFile({ idempotencyKey: unique('key') });
        const creation = opened.first.files.create(file);
        const again = { ...file, fileId: newFile().fileId };
        let refused = await opened.first.files.wouldRefuse(again);
        while (!refused) refused = await opened.first.files.wouldRefuse(again);
        expect(refused).toMatchObject({ kind: 'repeated', file: { fileId: file.fileId } });
        await creation;
      }
    });

    test('with one idempotency key in parallel creates one file, which all callers get', async () => {
      const { sha256 } = newFile();
      const idempotencyKey = unique('key');
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => opened.second.files.create(newFile({ sha256, idempotencyKey }))),
      );
      const ids = answers.map((answer) => ('file' in answer ? answer.file.fileId : null));
      expect(new Set(ids).size).toBe(1);
      expect(answers.filter((answer) => answer.kind === 'created')).toHaveLength(1);
    });

    test('a refused creation does not spend its idempotency key', async () => {
      const { sha256 } = newFile();
      await createFile(opened.first, { sha256 });
      const idempotencyKey = unique('key');
      expect((await opened.first.files.create(newFile({ sha256, idempotencyKey }))).kind).toBe('duplicate');
      expect((await opened.first.files.create(newFile({ idempotencyKey }))).kind).toBe('created');
    });

    test('of a file that is there already is no second one', async () => {
      const file = newFile();
      await opened.first.files.create(file);
      expect(await opened.second.files.create(file)).toMatchObject({
        kind: 'repeated',
        file: { fileId: file.fileId },
      });
      const claim = await claimFile(opened.first, file.fileId);
      await opened.first.files.finish(claim, COMPLETED);
      expect(await opened.first.files.create(file)).toMatchObject({ kind: 'repeated', file: { status: 'completed' } });
    });

    test('with a failure records a file that has ended, beside one with the same bytes', async () => {
      const { sha256 } = newFile();
      const existing = await createFile(opened.first, { sha256 });
      const failure = { code: 'duplicate_file', message: 'known bytes', row: null } as const;
      const refused = newFile({ sha256, failure });
      expect(await opened.first.files.create(refused)).toMatchObject({
        kind: 'created',
        file: { status: 'failed', failure },
      });
      expect((await opened.first.files.get(refused.fileId))!.finishedAtMs).not.toBeNull();
      expect(await opened.first.files.claim(refused.fileId, LEASE_MS)).toEqual({ kind: 'ended' });
      await expect(opened.first.files.requeue(refused.fileId)).rejects.toMatchObject({
        code: 'duplicate_file',
        details: { existing_file_id: existing },
      });
    });

    test('that is withdrawn returns the file if it was created, and else never creates it', async () => {
      const file = newFile();
      expect(await opened.first.files.withdraw(file.fileId)).toBeNull();
      await opened.first.files.create(file);
      expect(await opened.second.files.withdraw(file.fileId)).toMatchObject({
        fileId: file.fileId,
        status: 'queued',
      });
      expect(await opened.first.files.get(file.fileId)).not.toBeNull();
    });

    test('of bytes that failed, at the moment of their retry, leaves one live file', async () => {
      const { sha256 } = newFile();
      const claim = await newClaim(opened.first, { sha256 });
      await opened.first.files.finish(claim, FAILED);
      const outcomes = await Promise.allSettled([
        opened.first.files.requeue(claim.fileId),
        ...Array.from({ length: 6 }, () => opened.second.files.create(newFile({ sha256 }))),
      ]);
      const live = outcomes.filter(
        (outcome) =>
          outcome.status === 'fulfilled' &&
          outcome.value &&
          (!('kind' in outcome.value) || outcome.value.kind === 'created'),
      );
      expect(live).toHaveLength(1);
    });
  });
});
