/** `/`: uploads and imports, live. Files can be dropped anywhere in the window. */
import './files-page.css';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Navigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { FileResponse } from '../../http/responses.ts';
import { FILE_STATUSES } from '../../model/file.ts';
import { filesQuery, statsQuery } from '../api/queries.ts';
import { hasNothingToShow } from '../api/query-client.ts';
import { useMay } from '../api/session.ts';
import { addUploads } from '../api/upload.ts';
import { EmptyState } from '../components/empty-state.tsx';
import { Count } from '../components/number.tsx';
import { useAskColumns } from '../formats/use-ask-columns.ts';
import { Title } from '../layout/title.tsx';
import { fileStatus } from '../texts/codes.ts';
import { fileList, format } from '../texts/files.ts';
import { frame } from '../texts/page.ts';
import { uploads } from '../texts/uploads.ts';
import { Announcer } from './announcer.tsx';
import { DropTarget } from './drop-target.tsx';
import { FileChooser } from './file-chooser.tsx';
import { FileTable } from './file-table.tsx';
import { FormatHelp, SampleButton } from './format-help.tsx';
import { UploadList } from './upload-list.tsx';

const route = getRouteApi('/');

/** A customer has no files, and came to see orders. */
export function FilesPage() {
  const hasFiles = useMay('files:read');
  const hasOrders = useMay('orders:read');
  return hasFiles || !hasOrders ? <Files /> : <Navigate to="/orders" replace />;
}

function Files() {
  const { status, needs_attention, pages = '1' } = route.useSearch();
  const mayUpload = useMay('files:write');
  useAskColumns();
  const navigate = route.useNavigate();
  const { data, hasNextPage, fetchNextPage, isFetching, isFetchingNextPage, isFetchNextPageError } = useInfiniteQuery({
    ...filesQuery({ status, needs_attention }),
    throwOnError: hasNothingToShow,
  });
  const loaded = data?.pages.length ?? 0;
  const pagesMissing = loaded > 0 && loaded < Number(pages) && hasNextPage;
  useEffect(() => {
    // Asking for the missing pages while the list is being reloaded would abort the reload.
    if (pagesMissing && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [pagesMissing, isFetching, isFetchNextPageError, fetchNextPage]);
  const more = () => {
    void fetchNextPage();
    void navigate({
      search: { status, needs_attention, pages: String(loaded + 1) },
      replace: true,
      resetScroll: false,
    });
  };
  const files = data?.pages.flatMap(({ items }) => items);
  const hasNone = files?.length === 0;
  const isFiltered = status !== undefined || needs_attention !== undefined;
  return (
    <>
      <Title percent={percentOf(files ?? [])}>{frame.files}</Title>
      <Announcer />
      {mayUpload && (
        <>
          <DropTarget label={uploads.dropNow} onFiles={addUploads} />
          <FileChooser />
        </>
      )}
      <UploadList />
      {hasNone && !isFiltered ? (
        <EmptyState title={format.emptyTitle}>
          {mayUpload && (
            <>
              <p>{format.empty}</p>
              <SampleButton />
              <FormatHelp />
            </>
          )}
        </EmptyState>
      ) : (
        <section aria-labelledby="imports" className="panel file-list">
          <header className="file-list-head">
            <h2 id="imports">{fileList.title}</h2>
            <StatusFilter />
          </header>
          {files === undefined && <p className="quiet file-list-note">{frame.loading}</p>}
          {hasNone && isFiltered && (
            <p className="quiet file-list-note">
              {status ? fileList.noneOf(fileStatus[status]) : fileList.noAttention}{' '}
              <Link to="/">{fileList.showAll}</Link>
            </p>
          )}
          {files && !hasNone && <FileTable files={files} />}
          {hasNextPage && (
            <p className="file-list-note">
              <button type="button" disabled={isFetchingNextPage} onClick={more}>
                {isFetchingNextPage ? frame.loading : fileList.more}
              </button>
            </p>
          )}
        </section>
      )}
      {mayUpload && files && !(hasNone && !isFiltered) && (
        <details className="panel format-details">
          <summary>{format.summary}</summary>
          <FormatHelp />
          <SampleButton />
        </details>
      )}
    </>
  );
}

/** Of all files being processed, weighted by their bytes; null when there are none. */
function percentOf(files: readonly FileResponse[]): number | null {
  const open = files.filter(({ status }) => status === 'processing' || status === 'waiting');
  const bytes = open.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  if (bytes === 0) return null;
  return open.reduce((sum, { size_bytes, progress }) => sum + (size_bytes * progress.percent) / bytes, 0);
}

/** Each status with its number of files, which the stream of progress keeps up to date. */
function StatusFilter() {
  const { data } = useQuery({ ...statsQuery(), refetchInterval: false, enabled: useMay('stats:read') });
  return (
    <fieldset aria-label={fileList.filter} className="status-filter">
      {([undefined, ...FILE_STATUSES] as const).map((status) => (
        <Link key={status ?? 'all'} to="/" search={{ status }} activeOptions={{ exact: true }} resetScroll={false}>
          {status ? fileStatus[status] : fileList.all}
          {data && <Count value={data.files[status ?? 'total']} />}
        </Link>
      ))}
      <Link to="/" search={{ needs_attention: 'true' }} activeOptions={{ exact: true }} resetScroll={false}>
        {fileList.attention}
      </Link>
    </fieldset>
  );
}
