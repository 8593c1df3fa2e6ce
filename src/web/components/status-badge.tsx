/** A file's status, in words and in colour. */
import './status-badge.css';
import type { FileResponse } from '../../http/responses.ts';
import { fileStatus, toFix, undoState } from '../texts/codes.ts';

export const StatusBadge = ({ status }: { status: FileResponse['status'] }) => (
  <span className={`status-badge status-${status}`}>{fileStatus[status]}</span>
);

/** Green only where nothing is left to do: not while failed rows are still to be fixed, nor once its orders were undone. */
export const FileBadge = ({
  file: { status, open, undo },
}: {
  file: Pick<FileResponse, 'status' | 'open' | 'undo'>;
}) =>
  undo ? (
    <span className="status-badge status-cancelled">{undoState[undo.state]}</span>
  ) : status === 'completed' && open > 0 ? (
    <span className="status-badge status-to-fix">{toFix(open)}</span>
  ) : (
    <StatusBadge status={status} />
  );
