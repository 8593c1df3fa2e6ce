/** A file's status, in words and in colour. */
import './status-badge.css';
import type { FileAnswer } from '../../http/answers.ts';
import { fileStatus } from '../texts.ts';

export const StatusBadge = ({ status }: { status: FileAnswer['status'] }) => (
  <span className={`status-badge status-${status}`}>{fileStatus[status]}</span>
);
