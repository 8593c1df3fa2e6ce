/** The queries of all views, with the keys by which `live.ts` finds them in the cache. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type {
  AuditEntryResponse,
  FileResponse,
  FormatResponse,
  HistoryResponse,
  KeyResponse,
  OrderEventsResponse,
  OrderHistoryResponse,
  OrderResponse,
  OrdersResponse,
  PageResponse,
  ReadyResponse,
  RejectionResponse,
  SettingsResponse,
  StatsResponse,
  StockResponse,
} from '../../http/responses.ts';
import type { Workflow } from '../../model/workflow.ts';
import { Problem, request, withQuery } from './client.ts';

type Filters = Record<string, string | undefined>;

/** In one page: some 200 KB, read in a few milliseconds. */
const REJECTIONS = 500;
const REJECTIONS_KEPT_MS = 10_000;
const STATS_EVERY_MS = 5_000;
const LIST_FRESH_MS = 2_000;

const list = <Item>(key: readonly unknown[], path: string, filters: Filters) =>
  infiniteQueryOptions({
    queryKey: [...key, filters],
    queryFn: ({ pageParam, signal }) =>
      request<PageResponse<Item>>(withQuery(path, { ...filters, cursor: pageParam }), { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

const one = <Answer>(key: readonly unknown[], path: string) =>
  queryOptions({ queryKey: key, queryFn: ({ signal }) => request<Answer>(path, { signal }) });

const id = encodeURIComponent;

interface FileFilters {
  status?: FileResponse['status'] | undefined;
  needs_attention?: 'true' | undefined;
  parent_file_id?: string;
}

export const filesQuery = (filters: FileFilters = {}) => list<FileResponse>(['files'], '/files', { ...filters });

export const fileQuery = (fileId: string) => one<FileResponse>(['file', fileId], `/files/${id(fileId)}`);

/** The first 1,000. */
export const keysQuery = () => one<PageResponse<KeyResponse>>(['keys'], '/keys?limit=1000');

export const auditQuery = (filters: Filters) =>
  one<PageResponse<AuditEntryResponse>>(['audit', filters], withQuery('/audit', filters));

/** The first of the orders that the undo of a file has left. */
export const keptOrdersQuery = (fileId: string) =>
  one<PageResponse<OrderResponse>>(['file', fileId, 'kept'], `/files/${id(fileId)}/kept?limit=100`);

/** The first 1,000, those that come with the service before the others. */
export const formatsQuery = () => one<PageResponse<FormatResponse>>(['formats'], '/formats?limit=1000');

export const formatQuery = (name: string) => one<FormatResponse>(['formats', name], `/formats/${id(name)}`);

/** One page of what may be millions: pages are loaded when they come into sight, and dropped when they leave it. */
export const rejectionsQuery = (
  fileId: string,
  filters: { code?: string | undefined; from_row?: string | undefined },
  cursor: string | null,
) =>
  queryOptions({
    ...one<PageResponse<RejectionResponse>>(
      ['rejections', fileId, filters, cursor],
      withQuery(`/files/${id(fileId)}/rejections`, { ...filters, limit: REJECTIONS, cursor }),
    ),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: REJECTIONS_KEPT_MS,
  });

/** So many orders, collected from the short pages of a search; each resumes where the one before stopped. */
export const ordersQuery = (filters: Filters, items: number) =>
  infiniteQueryOptions({
    queryKey: ['orders', filters],
    queryFn: ({ pageParam, signal }) =>
      request<OrdersResponse>(withQuery('/orders', { ...filters, ...pageParam }), { signal }),
    initialPageParam: { cursor: filters.cursor, limit: items },
    getNextPageParam: ({ next_cursor: cursor }, pages) => {
      const limit = items - pages.reduce((sum, page) => sum + page.items.length, 0);
      return cursor === null || limit <= 0 ? null : { cursor, limit };
    },
    // A search through very many orders is not repeated because the window got the focus.
    staleTime: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? Number.POSITIVE_INFINITY : LIST_FRESH_MS),
  });

export const orderQuery = (orderId: string) => one<OrderResponse>(['order', orderId], `/orders/${id(orderId)}`);

export const orderEventsQuery = (orderId: string) =>
  one<OrderEventsResponse>(['order', orderId, 'events'], `/orders/${id(orderId)}/events`);

/** Oldest first. A deleted order has one, too. */
export const orderHistoryQuery = (orderId: string) =>
  one<OrderHistoryResponse>(['order', orderId, 'history'], `/orders/${id(orderId)}/history`);

/** It does not change while the service runs. */
export const workflowQuery = () =>
  queryOptions({ ...one<Workflow>(['workflow'], '/workflow'), staleTime: Number.POSITIVE_INFINITY });

export const inventoryQuery = (filters: Filters = {}) =>
  one<PageResponse<StockResponse>>(['inventory', filters], withQuery('/inventory', filters));

export const statsQuery = () =>
  queryOptions({ ...one<StatsResponse>(['stats'], '/stats'), refetchInterval: STATS_EVERY_MS });

/** They do not change while the service runs. */
export const settingsQuery = () =>
  queryOptions({ ...one<SettingsResponse>(['settings'], '/settings'), staleTime: Number.POSITIVE_INFINITY });

const BUCKET_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export interface History {
  /** Without the buckets that have no rows. */
  items: HistoryResponse['items'];
  bucketMs: number;
  fromMs: number;
  toMs: number;
}

/** The buckets of the last so many hours, including the current one. */
export const historyQuery = (bucket: 'minute' | 'hour' | 'day', hours: number) =>
  queryOptions({
    queryKey: ['stats', 'history', bucket, hours],
    queryFn: async ({ signal }): Promise<History> => {
      const bucketMs = BUCKET_MS[bucket];
      const toMs = (Math.floor(Date.now() / bucketMs) + 1) * bucketMs;
      const fromMs = toMs - hours * BUCKET_MS.hour;
      const span = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
      const { items } = await request<HistoryResponse>(withQuery('/stats/history', { bucket, ...span }), { signal });
      return { items, bucketMs, fromMs, toMs };
    },
    refetchInterval: STATS_EVERY_MS,
  });

/**
 * A service that is not ready responds 503 with the same shape, which is a result, too. It may take seconds, so it is only asked again
 * at its own interval.
 */
export const readyQuery = () =>
  queryOptions({
    queryKey: ['ready'],
    queryFn: ({ signal }) =>
      request<ReadyResponse>('/readyz', { signal }).catch((error) => {
        if (error instanceof Problem && error.status === 503 && error.answer) return error.answer as ReadyResponse;
        throw error;
      }),
    refetchInterval: STATS_EVERY_MS,
  });
