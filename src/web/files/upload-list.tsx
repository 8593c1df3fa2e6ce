/** The uploads of this tab: those under way, those that need a decision, and one line for those that are done. */
import './upload-list.css';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { fileQuery } from '../api/queries.ts';
import { dismissUpload, isUnderWay, percentSent, type Upload, uploadAgain, useUploads } from '../api/upload.ts';
import { Meter } from '../components/meter.tsx';
import { formatBytes } from '../components/number.tsx';
import { Time } from '../components/time.tsx';
import { upload as waiting, uploads as words } from '../texts/uploads.ts';

const MOST_NAMED = 5;

export function UploadList() {
  const uploads = useUploads();
  if (uploads.length === 0) return null;
  const open = uploads.filter(({ state }) => state.kind !== 'done');
  return (
    <section aria-label={words.title} className="panel upload-list">
      {open.length > 0 && (
        <ul>
          {open.map((upload) => (
            <UploadRow key={upload.key} upload={upload} />
          ))}
        </ul>
      )}
      <DoneLine uploads={uploads} />
    </section>
  );
}

function UploadRow({ upload }: { upload: Upload }) {
  const { key, file, note, state } = upload;
  const action = (label: string, onClick: () => void, kind = '') => (
    <button type="button" className={kind} aria-label={words.ofAction(label, file.name)} onClick={onClick}>
      {label}
    </button>
  );
  const dismiss = (label: string) => action(label, () => dismissUpload(key));
  return (
    <li className={`upload upload-${state.kind}`}>
      <div className="upload-what">
        <strong className="upload-name" title={file.name}>
          {file.name}
        </strong>{' '}
        <span className="quiet number">{formatBytes(file.size)}</span>
        {note !== null && <span className="quiet upload-note">{note}</span>}
      </div>
      <div className="upload-state">
        <StateText upload={upload} />
      </div>
      <div className="upload-actions">
        {state.kind === 'waiting' && action(words.tryNow, () => uploadAgain(key))}
        {state.kind === 'unfamiliar' && (
          <Link className="button button-main" to="/columns">
            {words.tellColumns}
          </Link>
        )}
        {state.kind === 'duplicate' && (
          <>
            <Link className="button button-main" to="/files/$fileId" params={{ fileId: state.existingFileId }}>
              {words.openExisting}
            </Link>
            {action(words.force, () => uploadAgain(key, { force: true }))}
          </>
        )}
        {state.kind === 'refused' &&
          words.tryAgainHelps(state.problem.code) &&
          action(words.tryAgain, () => uploadAgain(key))}
        {dismiss(isUnderWay(upload) ? words.cancel : words.dismiss)}
      </div>
    </li>
  );
}

function StateText({ upload: { file, state } }: { upload: Upload }) {
  switch (state.kind) {
    case 'queued':
      return <span className="quiet">{words.queued}</span>;
    case 'checking':
      return <span className="quiet">{words.checking}</span>;
    case 'unfamiliar':
      return <span>{words.unfamiliar}</span>;
    case 'sending': {
      const percent = percentSent(file, state.sentBytes);
      return (
        <>
          <Meter percent={percent} label={words.progressOf(file.name)} />
          <span className="quiet number">
            {percent === 100 ? words.sent : words.sentOf(formatBytes(state.sentBytes), formatBytes(file.size), percent)}
          </span>
        </>
      );
    }
    case 'waiting':
      return (
        <span>
          {waiting[state.why]} <Countdown untilMs={state.untilMs} />
        </span>
      );
    case 'duplicate':
      return <DuplicateText fileId={state.existingFileId} />;
    case 'refused':
      return (
        <>
          <span>{state.problem.detail}</span>
          <span className="quiet">{words.fix(state.problem.code)}</span>
        </>
      );
    case 'unreadable':
      return <span>{words.unreadable}</span>;
    case 'done':
      return null;
  }
}

function DuplicateText({ fileId }: { fileId: string }) {
  const { data: existing } = useQuery(fileQuery(fileId));
  return (
    <>
      <span>
        {words.duplicate}{' '}
        <Link to="/files/$fileId" params={{ fileId }}>
          {existing?.name ?? fileId}
        </Link>
        {existing && (
          <>
            {' '}
            (<Time iso={existing.created_at} />)
          </>
        )}
        .
      </span>
      <span className="quiet">{words.duplicateAdvice}</span>
    </>
  );
}

function Countdown({ untilMs }: { untilMs: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return <span className="number">{words.retryIn(Math.max(0, Math.ceil((untilMs - now) / 1_000)))}</span>;
}

function DoneLine({ uploads }: { uploads: readonly Upload[] }) {
  const done = uploads.flatMap(({ key, file, state }) =>
    state.kind === 'done' ? [{ key, name: file.name, fileId: state.fileId }] : [],
  );
  if (done.length === 0) return null;
  const named = done.slice(-MOST_NAMED);
  const notes = uploads.flatMap(({ note, state }) => (note !== null && state.kind === 'done' ? [note] : []));
  return (
    <div className="upload-done">
      <p>
        {words.done}{' '}
        {named.map(({ key, name, fileId }, place) => (
          <span key={key}>
            {place > 0 && ', '}
            <Link to="/files/$fileId" params={{ fileId }}>
              {name}
            </Link>
          </span>
        ))}
        {done.length > named.length && ` ${words.andMore(done.length - named.length)}`}
        {notes.length > 0 && <span className="quiet upload-note">{notes.join(' ')}</span>}
      </p>
      <button type="button" className="button-quiet" onClick={() => done.forEach(({ key }) => void dismissUpload(key))}>
        {words.dismiss}
      </button>
    </div>
  );
}
