/** The progress of a file, and what stops it, with what to do about it. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { formatDuration } from '../components/duration.ts';
import { Meter } from '../components/meter.tsx';
import { formatBytes, formatNumber } from '../components/number.tsx';
import { Time } from '../components/time.tsx';
import { failure, failureFix, fileStatus, nextStep, pauseReason, waitingFor } from '../texts/codes.ts';
import { dryRun, filePage } from '../texts/file.ts';
import { undo as undoWords } from '../texts/undo.ts';
import { Undone } from './undo-file.tsx';
import { useStepSeconds } from './use-step-seconds.ts';

/** Steps in which screen readers announce the progress. */
const ANNOUNCE_PERCENT = 10;

export function FileProgress({ file }: { file: FileResponse }) {
  const { rows, accepted, invalid, skipped, percent, rows_per_second, eta_seconds } = file.progress;
  const stepSeconds = useStepSeconds(file);
  const inWork = file.status === 'processing' || file.status === 'waiting';
  return (
    <section className="panel">
      <dl className="figures">
        <Figure name={filePage.rows}>{formatNumber(rows)}</Figure>
        <Figure name={filePage.accepted} kind={accepted > 0 ? 'good' : ''}>
          {formatNumber(accepted)}
        </Figure>
        <Figure name={filePage.invalid} kind={invalid > 0 ? 'bad' : ''}>
          {formatNumber(invalid)}
        </Figure>
        {skipped > 0 && <Figure name={filePage.skipped}>{formatNumber(skipped)}</Figure>}
        {file.fixed > 0 && (
          <>
            <Figure name={filePage.fixed} kind="good">
              {formatNumber(file.fixed)}
            </Figure>
            <Figure name={filePage.open} kind={file.open > 0 ? 'bad' : ''}>
              {formatNumber(file.open)}
            </Figure>
          </>
        )}
        {inWork && rows_per_second !== null && (
          <Figure name={filePage.speed}>{formatNumber(file.status === 'waiting' ? 0 : rows_per_second)}</Figure>
        )}
        {file.status === 'processing' && eta_seconds !== null && (
          <Figure name={filePage.left}>{formatDuration(eta_seconds)}</Figure>
        )}
      </dl>
      <Meter percent={percent} label={filePage.read} />
      <p className="file-under-meter quiet number">
        <span>
          {filePage.percent(percent, formatBytes(file.size_bytes))}
          {stepSeconds > 0 && ` · ${nextStep(formatDuration(stepSeconds))}`}
        </span>
        {accepted > 0 && !file.dry_run && (
          <Link to="/orders" search={{ file_id: file.file_id }}>
            {filePage.orders}
          </Link>
        )}
      </p>
      <Note file={file} />
      <p role="status" className="for-readers">
        {announcement(file)}
      </p>
    </section>
  );
}

const Figure = ({ name, kind = '', children }: { name: string; kind?: 'good' | 'bad' | ''; children: string }) => (
  <div className="figure">
    <dt>{name}</dt>
    <dd className={`number ${kind && `figure-${kind}`}`}>{children}</dd>
  </div>
);

function announcement({ status, progress: { percent, accepted, invalid }, finished_at, undo }: FileResponse): string {
  if (undo) return undo.state === 'running' ? undoWords.runningTitle : undoWords.doneTitle;
  if (finished_at) return filePage.announceEnd(status, formatNumber(accepted), formatNumber(invalid));
  return filePage.announce(status, Math.floor(percent / ANNOUNCE_PERCENT) * ANNOUNCE_PERCENT);
}

function Note({ file }: { file: FileResponse }) {
  const { status, progress } = file;
  if (file.undo) return <Undone file={file} />;
  if (file.cancel_requested) return <p className="note note-warn">{filePage.cancelling}</p>;
  if (file.pause_requested) return <p className="note note-warn">{filePage.pausing}</p>;
  if (file.pause) return <Paused pause={file.pause} />;
  if (status === 'queued') return <p className="note">{filePage.queued}</p>;
  if (status === 'waiting' && file.waiting_for)
    return (
      <Told kind="warn" title={filePage.waitingTitle[file.waiting_for]}>
        {file.waiting_since && (
          <p>
            <strong>
              {fileStatus.waiting} {filePage.waitingSince} <Time iso={file.waiting_since} />
            </strong>
            {file.next_try_at && (
              <>
                , {filePage.nextTry} <Time iso={file.next_try_at} />
              </>
            )}
          </p>
        )}
        <p>{waitingFor[file.waiting_for]}</p>
        <Link to="/stats">{filePage.waitingWhere}</Link>
      </Told>
    );
  if (status === 'failed' && file.failure)
    return <Failure failed={file.failure} stored={file.dry_run ? 0 : progress.accepted} />;
  if (status === 'cancelled')
    return <p className="note note-warn">{file.dry_run ? dryRun.cancelled : filePage.cancelled}</p>;
  if (status === 'completed' && progress.rows > 0 && progress.invalid === 0)
    return <p className="note note-good">{file.dry_run ? dryRun.allGood : filePage.allGood}</p>;
  if (status === 'completed' && progress.invalid > 0 && file.open === 0)
    return <p className="note note-good">{filePage.allFixed}</p>;
  return null;
}

const Paused = ({ pause: { code, reason, at } }: { pause: NonNullable<FileResponse['pause']> }) => (
  <Told kind="warn" title={pauseReason[code]}>
    <p>
      <strong>
        {fileStatus.paused} {filePage.waitingSince} <Time iso={at} />
      </strong>
    </p>
    {code === 'stop_at_invalid' && <p>{reason}</p>}
    <p>{filePage.paused}</p>
  </Told>
);

function Failure({ failed, stored }: { failed: NonNullable<FileResponse['failure']>; stored: number }) {
  return (
    <Told kind="bad" title={failure[failed.code]}>
      <p>
        {failed.row !== null && <strong>{filePage.atRow(formatNumber(failed.row))}</strong>}
        {failed.message} <code className="quiet">{failed.code}</code>
      </p>
      <p>
        <strong>{filePage.whatToDo}</strong>
        {failureFix[failed.code]}
      </p>
      {stored > 0 && <p>{filePage.stays(stored)}</p>}
    </Told>
  );
}

const Told = ({ kind, title, children }: { kind: 'warn' | 'bad'; title: string; children: ReactNode }) => (
  <div className={`note note-${kind}`}>
    <h2>{title}</h2>
    {children}
  </div>
);
