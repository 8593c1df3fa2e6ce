/** The buttons to cancel and to undo, after a question, to pause, to resume and to retry. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import type { FileResponse } from '../../http/responses.ts';
import { ProblemView } from '../components/problem-view.tsx';
import { filePage } from '../texts/file.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import { actionOf, askFor, type FileAction } from './file-requests.ts';
import { UndoFile } from './undo-file.tsx';

export function FileActions({ file }: { file: FileResponse }) {
  const [asking, ask] = useState(false);
  const queries = useQueryClient();
  const take = (answer: FileResponse) => {
    flushSync(() => queries.setQueryData(['file', answer.file_id], answer));
    // The button that had the focus is gone.
    document.getElementById('main')?.focus();
  };
  const request = useMutation({
    mutationFn: (action: FileAction) => askFor({ file, action }),
    onSuccess: take,
    onError: () => queries.invalidateQueries({ queryKey: ['file', file.file_id] }),
  });
  const open = file.finished_at === null;
  const action = actionOf(file);
  const { rows } = file.progress;
  return (
    <div className="file-actions">
      {open && !file.cancel_requested && (
        <button type="button" className="button-danger" onClick={() => ask(true)}>
          {filePage.cancel}
        </button>
      )}
      {action && (
        <>
          <button
            type="button"
            disabled={request.isPending}
            onClick={() => request.mutate(action)}
            aria-describedby={action === 'retry' ? 'retry-help' : undefined}
          >
            {filePage.action[action]}
          </button>
          {action === 'retry' && (
            <p id="retry-help" className="quiet">
              {rows > 0 ? filePage.retryHelp(rows) : filePage.retryFromStart}
            </p>
          )}
        </>
      )}
      <UndoFile file={file} onUndone={take} />
      {request.error && <ProblemView error={request.error} />}
      <CancelDialog file={asking && open ? file : null} onClose={() => ask(false)} onCancelled={take} />
    </div>
  );
}
