/** Files as rows that are always as they are now: the stream of progress changes them in place. */
import './file-table.css';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { isEnded } from '../../model/file.ts';
import { type Column, DataTable } from '../components/data-table.tsx';
import { formatDuration, secondsBetween } from '../components/duration.ts';
import { FileLink } from '../components/file-link.tsx';
import { Meter } from '../components/meter.tsx';
import { Count, formatBytes } from '../components/number.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { FileBadge } from '../components/status-badge.tsx';
import { Time } from '../components/time.tsx';
import { failure, waitingFor } from '../texts/codes.ts';
import { fileList } from '../texts/files.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import { retryFile, retryHelps } from './retry.ts';

const linkId = (fileId: string): string => `file-${fileId}`;
/** A button that did its work goes away: the focus stays in its row. */
const focusRow = ({ file_id }: FileResponse): void => document.getElementById(linkId(file_id))?.focus();

export function FileTable({ files }: { files: readonly FileResponse[] }) {
  const queries = useQueryClient();
  const [toCancel, setToCancel] = useState<FileResponse | null>(null);
  const asked = toCancel && (files.find(({ file_id }) => file_id === toCancel.file_id) ?? toCancel);
  const retry = useMutation({
    mutationFn: retryFile,
    onSuccess: focusRow,
    onSettled: () => queries.invalidateQueries({ queryKey: ['files'] }),
  });
  const columns: Column<FileResponse>[] = [
    { header: fileList.columns.file, cell: (file) => <FileCell file={file} files={files} /> },
    { header: fileList.columns.status, cell: (file) => <StatusCell file={file} /> },
    { header: fileList.columns.progress, cell: (file) => <ProgressCell file={file} /> },
    { header: fileList.columns.accepted, cell: ({ progress }) => <Count value={progress.accepted} />, numeric: true },
    { header: fileList.columns.invalid, cell: (file) => <InvalidCell file={file} />, numeric: true },
    { header: fileList.columns.created, cell: ({ created_at }) => <Time iso={created_at} /> },
    {
      header: fileList.columns.actions,
      cell: (file) => (
        <ActionCell
          file={file}
          onCancel={() => setToCancel(file)}
          onRetry={() => retry.mutate(file)}
          retrying={retry.isPending && retry.variables.file_id === file.file_id}
        />
      ),
    },
  ];
  return (
    <div className="file-table">
      {retry.error && <ProblemView error={retry.error} />}
      <DataTable
        caption={fileList.caption}
        columns={columns}
        rows={files}
        keyOf={({ file_id }) => file_id}
        cardsBelow={72}
      />
      <CancelDialog file={asked} onClose={() => setToCancel(null)} onCancelled={focusRow} />
    </div>
  );
}

function FileCell({ file, files }: { file: FileResponse; files: readonly FileResponse[] }) {
  const corrections = files.filter(({ parent_file_id }) => parent_file_id === file.file_id);
  return (
    <div className="file-cell">
      <Link
        id={linkId(file.file_id)}
        to="/files/$fileId"
        params={{ fileId: file.file_id }}
        className="file-name"
        title={file.name}
      >
        {file.name}
      </Link>
      <span className="quiet file-hint">
        <span className="number">{formatBytes(file.size_bytes)}</span>
        {file.parent_file_id && (
          <>
            {' '}
            · {fileList.mends} <FileLink fileId={file.parent_file_id} unnamed={fileList.anotherFile} />
          </>
        )}
        {corrections.map(({ file_id, name }) => (
          <span key={file_id}>
            {' '}
            · {fileList.mendedBy}{' '}
            <Link to="/files/$fileId" params={{ fileId: file_id }} title={name}>
              {name}
            </Link>
          </span>
        ))}
      </span>
    </div>
  );
}

function StatusCell({ file }: { file: FileResponse }) {
  const row = file.failure?.row;
  return (
    <div className="file-status">
      <FileBadge file={file} />
      {file.waiting_for && <span>{waitingFor[file.waiting_for]}</span>}
      {file.failure && file.status === 'failed' && (
        <span className="file-failure">
          {failure[file.failure.code]}
          {typeof row === 'number' && ` · ${fileList.atRow(row)}`}
        </span>
      )}
      {file.cancel_requested && !isEnded(file.status) && <span>{fileList.cancelling}</span>}
    </div>
  );
}

function ProgressCell({
  file: { name, status, progress, failure: found, started_at, finished_at },
}: {
  file: FileResponse;
}) {
  const { percent, rows, rows_per_second, eta_seconds } = progress;
  if (status === 'queued') return <span className="quiet">{fileList.queued}</span>;
  if (status === 'failed' && found)
    return (
      <span className="quiet file-failure-message" title={found.message}>
        {found.message}
      </span>
    );
  if (isEnded(status)) {
    const seconds = started_at && finished_at ? secondsBetween(started_at, finished_at) : 0;
    return (
      <span className="quiet number">
        {status === 'completed' ? fileList.took(rows, formatDuration(seconds)) : fileList.stoppedAfter(rows)}
      </span>
    );
  }
  const facts = [
    `${percent.toLocaleString(undefined, { minimumFractionDigits: 1 })} %`,
    rows_per_second !== null && fileList.rate(rows_per_second),
    eta_seconds !== null && status === 'processing' && fileList.left(formatDuration(eta_seconds)),
  ];
  return (
    <div className="file-progress">
      <Meter percent={percent} label={fileList.meter(name)} />
      <span className="quiet number">{facts.filter(Boolean).join(' · ')}</span>
    </div>
  );
}

const InvalidCell = ({ file: { name, progress, invalid_file, fixed, open } }: { file: FileResponse }) => (
  <span className="file-invalid">
    <span className={progress.invalid > 0 ? 'file-has-invalid' : undefined}>
      <Count value={progress.invalid} />
    </span>
    {fixed > 0 && <span className="quiet number">{fileList.open(open)}</span>}
    {invalid_file && (
      <a
        href={`/invalid-files/${encodeURIComponent(invalid_file)}`}
        download={invalid_file}
        aria-label={fileList.reportOf(name)}
        title={fileList.reportOf(name)}
      >
        {fileList.report}
      </a>
    )}
  </span>
);

function ActionCell({
  file,
  onCancel,
  onRetry,
  retrying,
}: {
  file: FileResponse;
  onCancel: () => void;
  onRetry: () => void;
  retrying: boolean;
}) {
  const { name, status, cancel_requested } = file;
  if (!isEnded(status))
    return (
      <button
        type="button"
        className="file-action"
        disabled={cancel_requested}
        aria-label={fileList.cancelOf(name)}
        onClick={onCancel}
      >
        {fileList.cancel}
      </button>
    );
  if (!retryHelps(file)) return null;
  return (
    <button
      type="button"
      className="file-action"
      disabled={retrying}
      aria-label={fileList.retryOf(name)}
      onClick={onRetry}
    >
      {fileList.retry}
    </button>
  );
}
