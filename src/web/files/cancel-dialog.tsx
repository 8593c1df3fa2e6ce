/** Asks before an import is cancelled, and says what is kept. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { flushSync } from 'react-dom';
import type { FileResponse } from '../../http/responses.ts';
import { post } from '../api/client.ts';
import { Dialog } from '../components/dialog.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { cancelDialog } from '../texts/files.ts';

export function CancelDialog({
  file,
  onClose,
  onCancelled,
}: {
  /** Null while the dialog is closed. */
  file: FileResponse | null;
  onClose: () => void;
  onCancelled: (file: FileResponse) => void;
}) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: ({ file_id }: FileResponse) => post<FileResponse>(`/files/${encodeURIComponent(file_id)}/cancel`),
    onSuccess: (cancelled) => {
      void queries.invalidateQueries({ queryKey: ['files'] });
      // Closed first, as the browser then returns the focus to what opened it.
      flushSync(close);
      onCancelled(cancelled);
    },
  });
  const close = () => {
    cancel.reset();
    onClose();
  };
  return (
    <Dialog
      title={file ? cancelDialog.title(file.name) : ''}
      open={file !== null}
      onClose={close}
      closeLabel={cancelDialog.keep}
      actions={
        <button
          type="button"
          className="button-danger"
          disabled={cancel.isPending}
          onClick={() => file && cancel.mutate(file)}
        >
          {cancelDialog.confirm}
        </button>
      }
    >
      {file && (
        <>
          {!file.dry_run && <p>{cancelDialog.stays(file.progress.accepted)}</p>}
          <p>{cancelDialog.stops}</p>
        </>
      )}
      {cancel.error && <ProblemView error={cancel.error} />}
    </Dialog>
  );
}
