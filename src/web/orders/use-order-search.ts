/**
 * One page of orders. The service looks through a bounded number of orders at a time, so a search goes on by itself, from where the
 * service stopped, until the page is full, there are no more, or it is stopped. It waits, too, when it has the very order.
 */
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ordersQuery } from '../api/queries.ts';
import { throwUnlessRefused } from '../api/query-client.ts';

export const PAGE_ITEMS = 50;

export function useOrderSearch(search: { cursor?: string | undefined; q?: string | undefined }) {
  const options = ordersQuery(search, PAGE_ITEMS);
  const { data, error, isPlaceholderData, isFetching, hasNextPage, fetchNextPage } = useInfiniteQuery({
    ...options,
    placeholderData: keepPreviousData,
    throwOnError: throwUnlessRefused,
  });
  const queries = useQueryClient();
  const key = JSON.stringify(search);
  const [told, setTold] = useState({ key, to: null as 'stop' | 'go' | null });
  const to = told.key === key ? told.to : null;

  const last = data?.pages.at(-1);
  const items = data?.pages.flatMap((page) => page.items);
  const isNamed =
    search.cursor === undefined && search.q !== undefined && search.q.normalize() === items?.[0]?.order_id.normalize();
  const hasMore = hasNextPage && !isPlaceholderData;
  const searching = hasMore && error === null && to !== 'stop' && (!isNamed || to === 'go');
  useEffect(() => {
    if (searching && !isFetching) void fetchNextPage();
  }, [searching, isFetching, fetchNextPage]);

  return {
    items,
    error,
    isPlaceholderData,
    /** Of the page behind this one; null where this one is not full. */
    nextCursor: items?.length === PAGE_ITEMS ? last!.next_cursor : null,
    /** Whether a list that is as of now is worth asking for again: not where many orders were looked through for it. */
    isOneLook: data?.pages.length === 1 && !searching,
    search: {
      isNamed,
      searching,
      hasMore,
      searchedTo: last?.searched_to ?? null,
      stop: () => {
        setTold({ key, to: 'stop' });
        void queries.cancelQueries({ queryKey: options.queryKey });
      },
      goOn: () => {
        setTold({ key, to: 'go' });
        void fetchNextPage();
      },
    },
  };
}

export type OrderSearch = ReturnType<typeof useOrderSearch>['search'];
