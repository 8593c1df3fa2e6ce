/** The buttons to cancel, after a question, and to retry. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import type { FileResponse } from '../../http/responses.ts';
import { ProblemView } from '../components/problem-view.tsx';
import { filePage } from '../texts/file.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import { retryFile, retryHelps } from './retry.ts';

export function FileActions({ file }: { file: FileResponse }) {
  const [asking, ask] = useState(false);
  const queries = useQueryClient();
  const take = (answer: FileResponse) => {
    flushSync(() => queries.setQueryData(['file', answer.file_id], answer));
    // The button that had the focus is gone.
    document.getElementById('main')?.focus();
  };
  const retry = useMutation({
    mutationFn: () => retryFile(file),
    onSuccess: take,
    onError: () => queries.invalidateQueries({ queryKey: ['file', file.file_id] }),
  });
  const open = file.finished_at === null;
  const { rows } = file.progress;
  return (
    <div className="file-actions">
      {open && !file.cancel_requested && (
        <button type="button" className="button-danger" onClick={() => ask(true)}>
          {filePage.cancel}
        </button>
      )}
      {retryHelps(file) && (
        <>
          <button type="button" disabled={retry.isPending} onClick={() => retry.mutate()} aria-describedby="retry-help">
            {filePage.retry}
          </button>
          <p id="retry-help" className="quiet">
            {rows > 0 ? filePage.retryHelp(rows) : filePage.retryFromStart}
          </p>
        </>
      )}
      {retry.error && <ProblemView error={retry.error} />}
      <CancelDialog file={asking && open ? file : null} onClose={() => ask(false)} onCancelled={take} />
    </div>
  );
}
