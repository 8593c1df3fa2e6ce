/** What a dry run is, and the button that takes its upload for real. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { FileResponse } from '../../http/responses.ts';
import { post } from '../api/client.ts';
import { ProblemView } from '../components/problem-view.tsx';
import { dryRun } from '../texts/file.ts';

const isRunnable = ({ status, upload_deleted_at }: FileResponse): boolean =>
  (status === 'completed' || status === 'cancelled') && upload_deleted_at === null;

export function DryRun({ file, mayRun }: { file: FileResponse; mayRun: boolean }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: () => post<FileResponse>(`/files/${encodeURIComponent(file.file_id)}/run`),
    onSuccess: (real) => {
      void queries.invalidateQueries({ queryKey: ['files'] });
      void navigate({ to: '/files/$fileId', params: { fileId: real.file_id } });
    },
  });
  return (
    <section className="note" aria-labelledby="dry-run">
      <h2 id="dry-run">{dryRun.title}</h2>
      <p>{dryRun.meaning}</p>
      {mayRun && isRunnable(file) && (
        <div className="file-actions">
          <button
            type="button"
            className="button-main"
            disabled={run.isPending}
            onClick={() => run.mutate()}
            aria-describedby="run-help"
          >
            {dryRun.run}
          </button>
          <p id="run-help" className="quiet">
            {dryRun.runHelp}
          </p>
        </div>
      )}
      {run.error && <ProblemView error={run.error} />}
    </section>
  );
}
