/** Asks before a format is deleted, and says what stays. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { flushSync } from 'react-dom';
import type { FormatResponse } from '../../http/responses.ts';
import { request } from '../api/client.ts';
import { Dialog } from '../components/dialog.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { formatsPage as words } from '../texts/formats.ts';

export function DeleteFormat({ format, onClose }: { format: FormatResponse | null; onClose: () => void }) {
  const queries = useQueryClient();
  const deletion = useMutation({
    mutationFn: ({ name }: FormatResponse) =>
      request<null>(`/formats/${encodeURIComponent(name)}`, { method: 'DELETE' }),
    onSuccess: () => {
      flushSync(close);
      void queries.invalidateQueries({ queryKey: ['formats'] });
      // The button that had the focus goes with its row.
      document.getElementById('main')?.focus();
    },
  });
  const close = () => {
    deletion.reset();
    onClose();
  };
  return (
    <Dialog
      title={format ? words.deleteTitle(format.name) : ''}
      open={format !== null}
      onClose={close}
      closeLabel={words.keep}
      actions={
        <button
          type="button"
          className="button-danger"
          disabled={deletion.isPending}
          onClick={() => format && deletion.mutate(format)}
        >
          {words.confirmDelete}
        </button>
      }
    >
      <p>{words.deleteMeans}</p>
      {deletion.error && <ProblemView error={deletion.error} />}
    </Dialog>
  );
}
