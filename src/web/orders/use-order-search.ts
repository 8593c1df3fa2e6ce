/**
 * One page of orders. The service looks through a bounded number of orders at a time, so a search continues by itself from where the
 * service stopped, until the page is full, there are no more, or the user stops it. It also pauses when it has found the order with
 * exactly the id that was typed.
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
  const [choice, choose] = useState({ key, to: null as 'stop' | 'go' | null });
  const to = choice.key === key ? choice.to : null;

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
    /** The cursor of the next page; null where this one is not full. */
    nextCursor: items?.length === PAGE_ITEMS ? last!.next_cursor : null,
    /** Whether the list is cheap to ask for again: it is not where many orders were searched for it. */
    isOneLook: data?.pages.length === 1 && !searching,
    search: {
      isNamed,
      searching,
      hasMore,
      searchedTo: last?.searched_to ?? null,
      stop: () => {
        choose({ key, to: 'stop' });
        void queries.cancelQueries({ queryKey: options.queryKey });
      },
      resume: () => {
        choose({ key, to: 'go' });
        void fetchNextPage();
      },
    },
  };
}

export type OrderSearch = ReturnType<typeof useOrderSearch>['search'];
