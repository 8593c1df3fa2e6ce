/** What each cell of the list of files shows. */
import { Link } from '@tanstack/react-router';
import type { FileResponse } from '../../http/responses.ts';
import { isEnded } from '../../model/file.ts';
import { formatDuration, secondsBetween } from '../components/duration.ts';
import { FileLink } from '../components/file-link.tsx';
import { Meter } from '../components/meter.tsx';
import { Count, formatBytes } from '../components/number.tsx';
import { FileBadge } from '../components/status-badge.tsx';
import { failure, nextStep, pauseReason, waitingFor } from '../texts/codes.ts';
import { fileList } from '../texts/files.ts';
import { actionOf, type FileAction } from './file-requests.ts';
import { reportLink } from './report-link.ts';
import { useStepSeconds } from './use-step-seconds.ts';

export const linkId = (fileId: string): string => `file-${fileId}`;

export function FileCell({ file, files }: { file: FileResponse; files: readonly FileResponse[] }) {
  const fixes = files.filter(({ parent_file_id }) => parent_file_id === file.file_id);
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
        {file.dry_run && ` · ${fileList.dryRun}`}
        {file.parent_file_id && (
          <>
            {' '}
            · {fileList.fixes} <FileLink fileId={file.parent_file_id} unnamed={fileList.anotherFile} />
          </>
        )}
        {fixes.map(({ file_id, name }) => (
          <span key={file_id}>
            {' '}
            · {fileList.fixedBy}{' '}
            <Link to="/files/$fileId" params={{ fileId: file_id }} title={name}>
              {name}
            </Link>
          </span>
        ))}
      </span>
    </div>
  );
}

export function StatusCell({ file }: { file: FileResponse }) {
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
      {file.pause && <span>{pauseReason[file.pause.code]}</span>}
      {!isEnded(file.status) && (file.cancel_requested || file.pause_requested) && (
        <span>{file.cancel_requested ? fileList.cancelling : fileList.pausing}</span>
      )}
    </div>
  );
}

export function ProgressCell({ file }: { file: FileResponse }) {
  const { status, failure: found } = file;
  if (status === 'queued') return <span className="quiet">{fileList.queued}</span>;
  if (status === 'failed' && found)
    return (
      <span className="quiet file-failure-message" title={found.message}>
        {found.message}
      </span>
    );
  if (status === 'paused' || isEnded(status)) return <ReadSoFar file={file} />;
  return <MovingProgress file={file} />;
}

function ReadSoFar({ file: { status, progress, started_at, finished_at } }: { file: FileResponse }) {
  const seconds = started_at && finished_at ? secondsBetween(started_at, finished_at) : 0;
  return (
    <span className="quiet number">
      {status === 'completed'
        ? fileList.took(progress.rows, formatDuration(seconds))
        : fileList.stoppedAfter(progress.rows)}
    </span>
  );
}

function MovingProgress({ file }: { file: FileResponse }) {
  const { name, status, progress } = file;
  const { percent, rows_per_second, eta_seconds } = progress;
  const stepSeconds = useStepSeconds(file);
  const facts = [
    `${percent.toLocaleString(undefined, { minimumFractionDigits: 1 })} %`,
    rows_per_second !== null && fileList.rate(rows_per_second),
    eta_seconds !== null && status === 'processing' && fileList.left(formatDuration(eta_seconds)),
    stepSeconds > 0 && nextStep(formatDuration(stepSeconds)),
  ];
  return (
    <div className="file-progress">
      <Meter percent={percent} label={fileList.meter(name)} />
      <span className="quiet number">{facts.filter(Boolean).join(' · ')}</span>
    </div>
  );
}

export const InvalidCell = ({
  file: { name, progress, invalid_file, fixed, open },
  hasReport,
}: {
  file: FileResponse;
  hasReport: boolean;
}) => (
  <span className="file-invalid">
    <span className={progress.invalid > 0 ? 'file-has-invalid' : undefined}>
      <Count value={progress.invalid} />
    </span>
    {fixed > 0 && <span className="quiet number">{fileList.open(open)}</span>}
    {hasReport && invalid_file && (
      <a
        href={reportLink(invalid_file)}
        download={invalid_file}
        aria-label={fileList.reportOf(name)}
        title={fileList.reportOf(name)}
      >
        {fileList.report}
      </a>
    )}
  </span>
);

export function ActionCell({
  file,
  onCancel,
  onAsk,
  asking,
}: {
  file: FileResponse;
  onCancel: () => void;
  onAsk: (action: FileAction) => void;
  asking: boolean;
}) {
  const { name, status, cancel_requested } = file;
  const action = actionOf(file);
  return (
    <span className="file-action-cell">
      {action && (
        <button
          type="button"
          className="file-action"
          disabled={asking}
          aria-label={fileList.actionOf[action](name)}
          onClick={() => onAsk(action)}
        >
          {fileList.action[action]}
        </button>
      )}
      {!isEnded(status) && (
        <button
          type="button"
          className="file-action"
          disabled={cancel_requested}
          aria-label={fileList.cancelOf(name)}
          onClick={onCancel}
        >
          {fileList.cancel}
        </button>
      )}
    </span>
  );
}
