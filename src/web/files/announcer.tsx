/** Announces to screen readers how uploads and imports end, and their progress in tenths. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { onFileChange } from '../api/live.ts';
import { type Upload, useUploads } from '../api/upload.ts';
import { fileStatus } from '../texts/codes.ts';
import { fileList } from '../texts/files.ts';
import { uploads as words } from '../texts/uploads.ts';

/** What comes within this time is announced together. */
const TOGETHER_MS = 500;
const MOST_NAMED = 3;

export function Announcer() {
  const [text, setText] = useState('');
  const uploads = useUploads();
  const known = useRef(new Map(uploads.map(({ key, state }) => [key, state.kind])));
  const pending = useRef({ ends: [] as FileResponse[], progress: new Map<string, string>(), others: [] as string[] });
  const timer = useRef(0);

  const plan = useCallback(() => {
    if (timer.current !== 0) return;
    timer.current = window.setTimeout(() => {
      timer.current = 0;
      const { ends, progress, others } = pending.current;
      pending.current = { ends: [], progress: new Map(), others: [] };
      setText(
        [...endsText(ends), ...[...progress.values()].slice(0, MOST_NAMED), ...others.slice(0, MOST_NAMED)].join(' '),
      );
    }, TOGETHER_MS);
  }, []);

  useEffect(() => {
    const tenths = new Map<string, number>();
    const leave = onFileChange((file) => {
      const { ends, progress } = pending.current;
      if (file.finished_at !== null) {
        tenths.delete(file.file_id);
        progress.delete(file.file_id);
        ends.push(file);
        plan();
        return;
      }
      const tenth = Math.floor(file.progress.percent / 10);
      const before = tenths.get(file.file_id);
      tenths.set(file.file_id, tenth);
      if (before === undefined || tenth <= before) return;
      progress.set(file.file_id, fileList.announceProgress(file.name, tenth * 10));
      plan();
    });
    return () => {
      leave();
      clearTimeout(timer.current);
      timer.current = 0;
    };
  }, [plan]);

  useEffect(() => {
    const changed = uploads.filter(({ key, state }) => known.current.get(key) !== state.kind);
    if (changed.length === 0) return;
    known.current = new Map(uploads.map(({ key, state }) => [key, state.kind]));
    const done = changed.filter(({ state }) => state.kind === 'done').length;
    const sentences = changed.flatMap(uploadTexts);
    if (done > 0) sentences.unshift(words.announceDone(done));
    if (sentences.length === 0) return;
    pending.current.others.push(...sentences);
    plan();
  }, [uploads, plan]);

  return (
    <div role="status" className="for-readers">
      {text}
    </div>
  );
}

const endsText = (files: FileResponse[]): string[] =>
  files.length > MOST_NAMED
    ? [fileList.announceEnds(files.length)]
    : files.map(({ name, status, progress }) =>
        fileList.announceEnd(name, fileStatus[status], progress.accepted, progress.invalid),
      );

function uploadTexts({ file, state }: Upload): string[] {
  if (state.kind === 'duplicate') return [words.announceDuplicate(file.name)];
  if (state.kind === 'unfamiliar') return [words.announceUnfamiliar(file.name)];
  if (state.kind === 'refused') return [words.announceRefused(file.name, state.problem.detail)];
  if (state.kind === 'unreadable') return [words.announceRefused(file.name, words.unreadable)];
  return [];
}
