/**
 * The way from failed rows to orders: the report, how to correct it, and the place to drop it. What is uploaded here becomes a file that
 * names this one as its parent, and is followed in place.
 */
import './mend-file.css';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCallback, useEffect } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { filesQuery } from '../api/queries.ts';
import {
  addUploads,
  dismissUpload,
  isUnderWay,
  percentSent,
  type Upload,
  uploadAgain,
  useUploads,
} from '../api/upload.ts';
import { FileButton } from '../components/file-button.tsx';
import { Meter } from '../components/meter.tsx';
import { formatBytes, formatNumber } from '../components/number.tsx';
import { FileBadge } from '../components/status-badge.tsx';
import { filePage } from '../texts/file.ts';
import { frame } from '../texts/page.ts';
import { upload as uploadTexts, uploads as uploadWords } from '../texts/uploads.ts';
import { DropTarget } from './drop-target.tsx';

export function MendFile({ file }: { file: FileResponse }) {
  const { file_id } = file;
  const onFiles = useCallback((files: Iterable<File>) => addUploads(files, file_id), [file_id]);
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
                {file.finished_at === null
                  ? filePage.reportOld
                  : filePage.reportTold(
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
      <DropPlace onFiles={onFiles} />
      <Corrected fileId={file_id} />
    </section>
  );
}

const DropPlace = ({ onFiles }: { onFiles: (files: Iterable<File>) => void }) => (
  <div className="drop-place">
    <DropTarget label={filePage.dropNow} onFiles={onFiles} />
    <span>{filePage.drop}</span> <span className="quiet">{filePage.or}</span>
    <FileButton onFiles={onFiles}>{filePage.choose}</FileButton>
  </div>
);

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

function UnderWay({ upload }: { upload: Upload }) {
  const { key, file, state } = upload;
  return (
    <li>
      <p className="corrected-head">
        <span className="corrected-name" title={file.name}>
          {file.name}
        </span>
        {state.kind !== 'done' && (
          <button type="button" className="button-quiet" onClick={() => dismissUpload(key)}>
            {isUnderWay(upload) ? filePage.giveUp : filePage.dismiss}
          </button>
        )}
      </p>
      <div role="status">
        {state.kind === 'queued' && filePage.inLine}
        {state.kind === 'sending' && filePage.uploading}
        {state.kind === 'waiting' && uploadTexts[state.why]}
        {state.kind === 'refused' && (
          <div className="note note-bad">
            <p>{state.problem.detail}</p>
            <p>{uploadWords.cure(state.problem.code)}</p>
          </div>
        )}
        {state.kind === 'unreadable' && <p className="note note-bad">{uploadWords.unreadable}</p>}
        {state.kind === 'duplicate' && <p className="note note-warn">{filePage.duplicate}</p>}
      </div>
      {state.kind === 'sending' && (
        <Meter percent={percentSent(file, state.sentBytes)} label={uploadWords.progressOf(file.name)} />
      )}
      {state.kind === 'refused' && uploadWords.tryAgainHelps(state.problem.code) && (
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

function Child({ file }: { file: FileResponse }) {
  const { percent, accepted, invalid } = file.progress;
  return (
    <li>
      <p className="corrected-head">
        <Link className="corrected-name" title={file.name} to="/files/$fileId" params={{ fileId: file.file_id }}>
          {file.name}
        </Link>
        <FileBadge file={file} />
      </p>
      {file.finished_at === null && <Meter percent={percent} label={filePage.read} />}
      <p role="status" className="quiet number">
        {filePage.childTold(formatNumber(accepted), formatNumber(invalid))}
      </p>
    </li>
  );
}
