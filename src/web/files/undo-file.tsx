/** The button that undoes a file that has ended, after a question, and how far its undo is, with the orders that stay. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { flushSync } from 'react-dom';
import type { FileResponse } from '../../http/responses.ts';
import { isEnded } from '../../model/file.ts';
import { post } from '../api/client.ts';
import { keptOrdersQuery, workflowQuery } from '../api/queries.ts';
import { useMay } from '../api/session.ts';
import { Dialog } from '../components/dialog.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { orderStatus } from '../texts/codes.ts';
import { undo as words } from '../texts/undo.ts';

export function UndoFile({ file, onUndone }: { file: FileResponse; onUndone: (file: FileResponse) => void }) {
  const [asking, ask] = useState(false);
  const mayChangeOrders = useMay('orders:write');
  const mayRead = useMay('orders:read');
  const { data: workflow } = useQuery({ ...workflowQuery(), enabled: mayChangeOrders && mayRead });
  const request = useMutation({
    mutationFn: () => post<FileResponse>(`/files/${encodeURIComponent(file.file_id)}/undo`),
    onSuccess: (answer) => {
      flushSync(close);
      onUndone(answer);
    },
  });
  const close = () => {
    request.reset();
    ask(false);
  };
  const isUndoable = isEnded(file.status) && !file.dry_run && file.undo === null && file.progress.orders > 0;
  if (!mayChangeOrders || !isUndoable || !workflow || workflow.undo === null) return null;
  return (
    <>
      <button type="button" className="button-danger" onClick={() => ask(true)}>
        {words.button}
      </button>
      <Dialog
        title={words.title(file.name)}
        open={asking}
        onClose={close}
        closeLabel={words.keep}
        actions={
          <button type="button" className="button-danger" disabled={request.isPending} onClick={() => request.mutate()}>
            {words.confirm}
          </button>
        }
      >
        <p>{words.moves(orderStatus(workflow.undo))}</p>
        <p>{words.again}</p>
        {request.error && <ProblemView error={request.error} />}
      </Dialog>
    </>
  );
}

export function Undone({ file: { file_id, undo } }: { file: FileResponse }) {
  if (!undo) return null;
  const { state, undone, kept } = undo;
  return (
    <div className="note note-warn">
      <h2>{state === 'running' ? words.runningTitle : words.doneTitle}</h2>
      <p>{state === 'running' ? words.soFar(undone, kept) : `${words.done(undone, kept)} ${words.next}`}</p>
      {state === 'done' && kept > 0 && <Kept fileId={file_id} />}
    </div>
  );
}

function Kept({ fileId }: { fileId: string }) {
  const [isOpen, open] = useState(false);
  const { data, error } = useQuery({ ...keptOrdersQuery(fileId), enabled: isOpen });
  return (
    <details onToggle={({ currentTarget }) => open(currentTarget.open)}>
      <summary>{words.kept}</summary>
      {error && <ProblemView error={error} />}
      {data && (
        <ul className="kept-orders">
          {data.items.map(({ order_id, status }) => (
            <li key={order_id}>
              <Link to="/orders/$orderId" params={{ orderId: order_id }}>
                {order_id}
              </Link>{' '}
              <span className="quiet">{orderStatus(status)}</span>
            </li>
          ))}
        </ul>
      )}
      {data?.items.length === 0 && data.next_cursor === null && <p>{words.deleted}</p>}
      {data && data.next_cursor !== null && <p className="quiet">{words.more}</p>}
    </details>
  );
}
