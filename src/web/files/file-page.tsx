/**
 * `/files/{file_id}`: one import. From top to bottom: its progress and what stops it, why rows failed and how to fix
 * them, the failed rows, and the facts of the file.
 */
import './file-page.css';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import type { ReasonCode } from '../../model/rejection.ts';
import { fileQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { useMay } from '../api/session.ts';
import { FileLink } from '../components/file-link.tsx';
import { FileBadge } from '../components/status-badge.tsx';
import { Title } from '../layout/title.tsx';
import { reason } from '../texts/codes.ts';
import { filePage } from '../texts/file.ts';
import { DryRun } from './dry-run.tsx';
import { FAILED_ROWS, FailedRows } from './failed-rows.tsx';
import { FileActions } from './file-actions.tsx';
import { FileFacts } from './file-facts.tsx';
import { FileProgress } from './file-progress.tsx';
import { FileWarnings } from './file-warnings.tsx';
import { FixFile } from './fix-file.tsx';
import { ReasonCounts } from './reason-counts.tsx';

const route = getRouteApi('/files/$fileId');

export function FilePage() {
  const { fileId } = route.useParams();
  const { code, from_row } = route.useSearch();
  const { data: file } = useQuery({ ...fileQuery(fileId), throwOnError: hasNothingToShow });
  const mayAct = useMay('files:write');
  const mayReadRows = useMay('personal:read');
  const chose = useRef(false);
  const [announcement, announce] = useState('');
  const choose = () => {
    chose.current = true;
    showFailedRows();
  };
  const shown = file && rowsShown(file, code);
  useEffect(() => {
    // The table is another one for each reason.
    if (chose.current) showFailedRows();
    if (chose.current && shown) announce(shown);
    chose.current = false;
  }, [shown]);
  if (!file) return <Title>{fileId}</Title>;
  return (
    <div className="file-page">
      <header className="file-head">
        <div className="file-title">
          <Link to="/" className="file-back">
            {filePage.all}
          </Link>
          <Title percent={file.finished_at === null ? file.progress.percent : null}>{file.name}</Title>
          <p className="file-under-name">
            <FileBadge file={file} />
            {file.parent_file_id && (
              <span>
                {filePage.parent} <FileLink fileId={file.parent_file_id} />
              </span>
            )}
          </p>
        </div>
        {mayAct && <FileActions file={file} />}
      </header>
      {file.dry_run && <DryRun file={file} mayRun={mayAct} />}
      <FileProgress file={file} />
      <div className="file-columns">
        {file.progress.invalid > 0 && <ReasonCounts file={file} chosen={code} onChoose={choose} />}
        {mayAct && canBeFixed(file) && <FixFile key={file.file_id} file={file} />}
      </div>
      {file.warnings.length > 0 && <FileWarnings warnings={file.warnings} />}
      {mayReadRows && file.progress.invalid > 0 && (
        <FailedRows key={`${file.file_id} ${code} ${from_row}`} file={file} code={code} fromRow={from_row} />
      )}
      <FileFacts file={file} />
      <p role="status" className="for-readers">
        {announcement}
      </p>
    </div>
  );
}

const showFailedRows = () => document.getElementById(FAILED_ROWS)?.scrollIntoView({ block: 'start' });

const rowsShown = ({ invalid_by_code, progress }: FileResponse, code: ReasonCode | undefined): string =>
  code ? filePage.shownWith(invalid_by_code[code] ?? 0, reason[code]) : filePage.shownAll(progress.invalid);

const canBeFixed = ({ status, invalid_file }: FileResponse): boolean => invalid_file !== null || status === 'failed';
