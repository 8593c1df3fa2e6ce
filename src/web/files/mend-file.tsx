/**
 * The way from failed rows to orders: the report, how to correct it, and the place to drop it. What is uploaded here becomes a file that
 * names this one as its parent, and is followed in place.
 */
import './mend-file.css';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type DragEvent, useEffect, useRef, useState } from 'react';
import type { FileAnswer } from '../../http/answers.ts';
import { filesQuery } from '../api/queries.ts';
import { addUploads, dismissUpload, type Upload, uploadAgain, useUploads } from '../api/upload.ts';
import { Meter } from '../components/meter.tsx';
import { formatBytes, formatNumber } from '../components/number.tsx';
import { StatusBadge } from '../components/status-badge.tsx';
import { filePage, frame, upload as uploadTexts } from '../texts.ts';

export function MendFile({ file }: { file: FileAnswer }) {
  return (
    <section className="panel mend" aria-labelledby="mend">
      <h2 id="mend">{filePage.mend}</h2>
      {file.invalid_file === null ? (
        <p>{filePage.mendFailed}</p>
      ) : (
        <ol className="mend-steps">
          <li>
            {filePage.mendSteps.download}
            <p className="row mend-report">
              <a
                className="button button-main"
                href={`/invalid-files/${encodeURIComponent(file.invalid_file)}`}
                download
              >
                {filePage.report}
              </a>
              <span className="quiet">
                {filePage.reportTold(
                  filePage.rowsOf(formatNumber(file.progress.invalid)),
                  formatBytes(file.invalid_file_size_bytes ?? 0),
                )}
              </span>
            </p>
          </li>
          <li>{filePage.mendSteps.fix}</li>
          <li>{filePage.mendSteps.upload}</li>
        </ol>
      )}
      <DropPlace onFiles={(files) => addUploads(files, file.file_id)} />
      <Corrected fileId={file.file_id} />
    </section>
  );
}

function DropPlace({ onFiles }: { onFiles: (files: FileList) => void }) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const onDragOver = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    // Another place of the page may take whatever is dropped on the window.
    event.stopPropagation();
    setOver(false);
    onFiles(event.dataTransfer.files);
  };
  useEffect(() => {
    // A file that falls beside the place would be opened instead of the page.
    const stay = (event: Event) => event.preventDefault();
    addEventListener('dragover', stay);
    addEventListener('drop', stay);
    return () => {
      removeEventListener('dragover', stay);
      removeEventListener('drop', stay);
    };
  }, []);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button in it does the same
    <div
      className={over ? 'drop-place drop-place-over' : 'drop-place'}
      onDragOver={onDragOver}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <span>{filePage.drop}</span> <span className="quiet">{filePage.or}</span>
      <button type="button" onClick={() => input.current?.click()}>
        {filePage.choose}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        onChange={({ target }) => {
          if (target.files) onFiles(target.files);
          target.value = '';
        }}
      />
    </div>
  );
}

function Corrected({ fileId }: { fileId: string }) {
  const queries = useQueryClient();
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    filesQuery({ parent_file_id: fileId }),
  );
  const children = data?.pages.flatMap(({ items }) => items) ?? [];
  const uploads = useUploads().filter(({ parentFileId }) => parentFileId === fileId);

  const done = uploads.filter(({ state }) => state.kind === 'done').length;
  useEffect(() => {
    if (done > 0) void queries.invalidateQueries({ queryKey: ['files'] });
  }, [done, queries]);
  useEffect(() => {
    // From here on it is one of the files.
    for (const { key, state } of uploads)
      if (state.kind === 'done' && children.some(({ file_id }) => file_id === state.fileId)) dismissUpload(key);
  });

  if (children.length + uploads.length === 0) return null;
  return (
    <>
      <h3>{filePage.uploads}</h3>
      <ul className="corrected">
        {uploads.map((upload) => (
          <UnderWay key={upload.key} upload={upload} />
        ))}
        {children.map((child) => (
          <Child key={child.file_id} file={child} />
        ))}
      </ul>
      {hasNextPage && (
        <button type="button" disabled={isFetchingNextPage} onClick={() => fetchNextPage()}>
          {frame.more}
        </button>
      )}
    </>
  );
}

function UnderWay({ upload: { key, file, state } }: { upload: Upload }) {
  const percent = state.kind === 'sending' ? Math.floor((state.sentBytes / Math.max(1, file.size)) * 100) : 0;
  const decided = state.kind === 'duplicate' || state.kind === 'refused';
  return (
    <li>
      <p className="corrected-head">
        <span className="corrected-name" title={file.name}>
          {file.name}
        </span>
        {state.kind !== 'done' && (
          <button type="button" className="button-quiet" onClick={() => dismissUpload(key)}>
            {decided ? filePage.dismiss : filePage.giveUp}
          </button>
        )}
      </p>
      <div role="status">
        {state.kind === 'queued' && filePage.inLine}
        {state.kind === 'sending' && filePage.uploading}
        {state.kind === 'waiting' && uploadTexts[state.why]}
        {state.kind === 'refused' && <p className="note note-bad">{state.problem.detail}</p>}
        {state.kind === 'duplicate' && <p className="note note-warn">{filePage.duplicate}</p>}
      </div>
      {state.kind === 'sending' && <Meter percent={percent} label={filePage.uploading} />}
      {state.kind === 'refused' && (
        <button type="button" onClick={() => uploadAgain(key)}>
          {frame.tryAgain}
        </button>
      )}
      {state.kind === 'duplicate' && (
        <p className="row">
          <Link className="button" to="/files/$fileId" params={{ fileId: state.existingFileId }}>
            {filePage.openExisting}
          </Link>
          <button type="button" onClick={() => uploadAgain(key, { force: true })}>
            {filePage.uploadAnyway}
          </button>
        </p>
      )}
    </li>
  );
}

function Child({ file }: { file: FileAnswer }) {
  const { percent, accepted, invalid } = file.progress;
  return (
    <li>
      <p className="corrected-head">
        <Link className="corrected-name" title={file.name} to="/files/$fileId" params={{ fileId: file.file_id }}>
          {file.name}
        </Link>
        <StatusBadge status={file.status} />
      </p>
      {file.finished_at === null && <Meter percent={percent} label={filePage.read} />}
      <p role="status" className="quiet number">
        {filePage.childTold(formatNumber(accepted), formatNumber(invalid))}
      </p>
    </li>
  );
}
