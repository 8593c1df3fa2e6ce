/** The list of files. The stream of progress changes its rows in place. */
import './file-table.css';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { useMay } from '../api/session.ts';
import { type Column, DataTable } from '../components/data-table.tsx';
import { Count } from '../components/number.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { Time } from '../components/time.tsx';
import { fileList } from '../texts/files.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import { ActionCell, FileCell, InvalidCell, linkId, ProgressCell, StatusCell } from './file-cells.tsx';
import { askFor } from './file-requests.ts';

/** A button goes away once it did its work: the focus stays in its row. */
const focusRow = ({ file_id }: FileResponse): void => document.getElementById(linkId(file_id))?.focus();

export function FileTable({ files }: { files: readonly FileResponse[] }) {
  const queries = useQueryClient();
  const mayAct = useMay('files:write');
  const mayReadRows = useMay('personal:read');
  const [toCancel, setToCancel] = useState<FileResponse | null>(null);
  const asked = toCancel && (files.find(({ file_id }) => file_id === toCancel.file_id) ?? toCancel);
  const request = useMutation({
    mutationFn: askFor,
    onSuccess: focusRow,
    onSettled: () => queries.invalidateQueries({ queryKey: ['files'] }),
  });
  const columns: (Column<FileResponse> | false)[] = [
    { header: fileList.columns.file, cell: (file) => <FileCell file={file} files={files} /> },
    { header: fileList.columns.status, cell: (file) => <StatusCell file={file} /> },
    { header: fileList.columns.progress, cell: (file) => <ProgressCell file={file} /> },
    { header: fileList.columns.accepted, cell: ({ progress }) => <Count value={progress.accepted} />, numeric: true },
    {
      header: fileList.columns.invalid,
      cell: (file) => <InvalidCell file={file} hasReport={mayReadRows} />,
      numeric: true,
    },
    { header: fileList.columns.created, cell: ({ created_at }) => <Time iso={created_at} /> },
    mayAct && {
      header: fileList.columns.actions,
      cell: (file) => (
        <ActionCell
          file={file}
          onCancel={() => setToCancel(file)}
          onAsk={(action) => request.mutate({ file, action })}
          asking={request.isPending && request.variables.file.file_id === file.file_id}
        />
      ),
    },
  ];
  return (
    <div className="file-table">
      {request.error && <ProblemView error={request.error} />}
      <DataTable
        caption={fileList.caption}
        columns={columns.filter((column) => column !== false)}
        rows={files}
        keyOf={({ file_id }) => file_id}
        cardsBelow={72}
      />
      <CancelDialog file={asked} onClose={() => setToCancel(null)} onCancelled={focusRow} />
    </div>
  );
}
