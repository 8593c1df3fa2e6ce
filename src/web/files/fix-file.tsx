/**
 * The way from failed rows to orders: the report, how to fix it, and the place to drop it. What is dropped here becomes a file that
 * names this one as its parent.
 */
import './fix-file.css';
import { useCallback } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { addUploads } from '../api/upload.ts';
import { FileButton } from '../components/file-button.tsx';
import { formatBytes, formatNumber } from '../components/number.tsx';
import { useAskColumns } from '../formats/use-ask-columns.ts';
import { filePage } from '../texts/file.ts';
import { DropTarget } from './drop-target.tsx';
import { FixUploads } from './fix-uploads.tsx';
import { reportLink, workbookLink } from './report-link.ts';

export function FixFile({ file }: { file: FileResponse }) {
  const { file_id, failure } = file;
  const isUnfamiliar = failure?.code === 'missing_column';
  useAskColumns();
  const onFiles = useCallback((files: Iterable<File>) => addUploads(files, file_id), [file_id]);
  return (
    <section className="panel fix-panel" aria-labelledby="fix">
      <h2 id="fix">{filePage.fix}</h2>
      {file.invalid_file === null ? (
        <p>{isUnfamiliar ? filePage.fixColumns : filePage.fixFailed}</p>
      ) : (
        <ol className="fix-steps">
          <li>
            {filePage.fixSteps.download}
            <Report file={file} name={file.invalid_file} />
          </li>
          <li>{filePage.fixSteps.fix}</li>
          <li>{filePage.fixSteps.upload}</li>
        </ol>
      )}
      <DropPlace onFiles={onFiles} choose={isUnfamiliar ? filePage.tellColumns : filePage.choose} />
      <FixUploads fileId={file_id} />
    </section>
  );
}

const Report = ({ file, name }: { file: FileResponse; name: string }) => (
  <p className="row fix-report">
    <a className="button button-main" href={reportLink(name)} download={name}>
      {filePage.report}
    </a>
    <a href={workbookLink(name)} download>
      {filePage.workbook}
    </a>
    <span className="quiet">
      {file.finished_at === null
        ? filePage.reportBeforeRetry
        : filePage.reportSize(
            filePage.rowsOf(formatNumber(file.progress.invalid)),
            formatBytes(file.invalid_file_size_bytes ?? 0),
          )}
    </span>
  </p>
);

const DropPlace = ({ onFiles, choose }: { onFiles: (files: Iterable<File>) => void; choose: string }) => (
  <div className="drop-place">
    <DropTarget label={filePage.dropNow} onFiles={onFiles} />
    <span>{filePage.drop}</span> <span className="quiet">{filePage.or}</span>
    <FileButton onFiles={onFiles}>{choose}</FileButton>
  </div>
);
