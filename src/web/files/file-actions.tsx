/** Cancel, after a question, and retry. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { FileAnswer } from '../../http/answers.ts';
import { post } from '../api/client.ts';
import { Dialog } from '../components/dialog.tsx';
import { formatNumber } from '../components/number.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { filePage } from '../texts.ts';

export function FileActions({ file }: { file: FileAnswer }) {
  const [asking, ask] = useState(false);
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (verb: 'cancel' | 'retry') => post<FileAnswer>(`/files/${encodeURIComponent(file.file_id)}/${verb}`),
    onSuccess: (answer) => queries.setQueryData(['file', answer.file_id], answer),
    // It may have ended meanwhile.
    onError: () => queries.invalidateQueries({ queryKey: ['file', file.file_id] }),
  });
  const cancel = () => {
    ask(false);
    mutate('cancel');
  };
  const open = file.finished_at === null;
  const { rows } = file.progress;
  return (
    <div className="file-actions">
      {open && !file.cancel_requested && (
        <button type="button" className="button-danger" disabled={isPending} onClick={() => ask(true)}>
          {filePage.cancel}
        </button>
      )}
      {(file.status === 'failed' || file.status === 'cancelled') && (
        <>
          <button type="button" disabled={isPending} onClick={() => mutate('retry')} aria-describedby="retry-told">
            {filePage.retry}
          </button>
          <p id="retry-told" className="quiet">
            {rows > 0 ? filePage.retryTold(formatNumber(rows)) : filePage.retryFromStart}
          </p>
        </>
      )}
      {error && <ProblemView error={error} />}
      <Dialog title={filePage.cancelTitle} open={asking && open} onClose={() => ask(false)}>
        <p>{filePage.cancelTold}</p>
        <p className="file-cancel">
          <button type="button" className="button-danger" onClick={cancel}>
            {filePage.cancelDo}
          </button>
        </p>
      </Dialog>
    </div>
  );
}
