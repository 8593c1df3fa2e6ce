/** The files that fix this one, followed in place: those being uploaded, and those that are imports already. */
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { filesQuery } from '../api/queries.ts';
import {
  dismissUpload,
  isUnderWay,
  percentSent,
  type Upload,
  type UploadState,
  uploadAgain,
  useUploads,
} from '../api/upload.ts';
import { Meter } from '../components/meter.tsx';
import { formatNumber } from '../components/number.tsx';
import { FileBadge } from '../components/status-badge.tsx';
import { filePage } from '../texts/file.ts';
import { frame } from '../texts/page.ts';
import { upload as uploadTexts, uploads as uploadWords } from '../texts/uploads.ts';

export function FixUploads({ fileId }: { fileId: string }) {
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
    // From now on it is one of the files.
    for (const { key, state } of uploads)
      if (state.kind === 'done' && children.some(({ file_id }) => file_id === state.fileId)) dismissUpload(key);
  });

  if (children.length + uploads.length === 0) return null;
  return (
    <>
      <h3>{filePage.uploads}</h3>
      <ul className="fixes">
        {uploads.map((upload) => (
          <FixUpload key={upload.key} upload={upload} />
        ))}
        {children.map((child) => (
          <FixedFile key={child.file_id} file={child} />
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

function FixUpload({ upload }: { upload: Upload }) {
  const { key, file, state } = upload;
  return (
    <li>
      <p className="fixes-head">
        <span className="fixes-name" title={file.name}>
          {file.name}
        </span>
        {state.kind !== 'done' && (
          <button type="button" className="button-quiet" onClick={() => dismissUpload(key)}>
            {isUnderWay(upload) ? filePage.giveUp : filePage.dismiss}
          </button>
        )}
      </p>
      <div role="status">
        <StateText state={state} />
      </div>
      {state.kind === 'sending' && (
        <Meter percent={percentSent(file, state.sentBytes)} label={uploadWords.progressOf(file.name)} />
      )}
      <Decision uploadKey={key} state={state} />
    </li>
  );
}

function StateText({ state }: { state: UploadState }) {
  switch (state.kind) {
    case 'queued':
      return filePage.inLine;
    case 'checking':
      return uploadWords.checking;
    case 'unfamiliar':
      return <p className="note note-warn">{uploadWords.unfamiliar}</p>;
    case 'sending':
      return filePage.uploading;
    case 'waiting':
      return uploadTexts[state.why];
    case 'refused':
      return (
        <div className="note note-bad">
          <p>{state.problem.detail}</p>
          <p>{uploadWords.fix(state.problem.code)}</p>
        </div>
      );
    case 'unreadable':
      return <p className="note note-bad">{uploadWords.unreadable}</p>;
    case 'duplicate':
      return <p className="note note-warn">{filePage.duplicate}</p>;
    case 'done':
      return null;
  }
}

/** What the user can do about an upload that did not become a file. */
function Decision({ uploadKey, state }: { uploadKey: string; state: UploadState }) {
  if (state.kind === 'refused' && uploadWords.tryAgainHelps(state.problem.code))
    return (
      <button type="button" onClick={() => uploadAgain(uploadKey)}>
        {frame.tryAgain}
      </button>
    );
  if (state.kind === 'unfamiliar')
    return (
      <Link className="button" to="/columns">
        {uploadWords.tellColumns}
      </Link>
    );
  if (state.kind === 'duplicate')
    return (
      <p className="row">
        <Link className="button" to="/files/$fileId" params={{ fileId: state.existingFileId }}>
          {filePage.openExisting}
        </Link>
        <button type="button" onClick={() => uploadAgain(uploadKey, { force: true })}>
          {filePage.uploadAnyway}
        </button>
      </p>
    );
  return null;
}

function FixedFile({ file }: { file: FileResponse }) {
  const { percent, accepted, invalid } = file.progress;
  return (
    <li>
      <p className="fixes-head">
        <Link className="fixes-name" title={file.name} to="/files/$fileId" params={{ fileId: file.file_id }}>
          {file.name}
        </Link>
        <FileBadge file={file} />
      </p>
      {file.finished_at === null && <Meter percent={percent} label={filePage.read} />}
      <p role="status" className="quiet number">
        {filePage.childCounts(formatNumber(accepted), formatNumber(invalid))}
      </p>
    </li>
  );
}
