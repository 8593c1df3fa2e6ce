/** How queries are kept: the stream of progress says when they are old, and what failed is shown, not tried in silence. */
import { type Query, QueryClient } from '@tanstack/react-query';
import { Problem, Unreachable } from './client.ts';

const TRIES = 2;

export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        // On loopback the service is there without a network, too.
        networkMode: 'always',
        staleTime: 2_000,
        refetchOnWindowFocus: true,
        // A service that is gone is waited for by the stream of progress, which asks again for all.
        retry: (failures, error) => error instanceof Problem && error.status >= 500 && failures < TRIES,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });

/** For `throwOnError`: the route tells of what fails before there is anything to show, except that the service is gone, which the banner tells. */
export const hasNothingToShow = (error: Error, { state }: Pick<Query, 'state'>): boolean =>
  state.data === undefined && !(error instanceof Unreachable);

/** What the service refuses of an address is told in the view, where it is fixed. */
export const isRefused = (error: Error | null): error is Problem => error instanceof Problem && error.status === 400;

/** For `throwOnError` of views that tell of a refusal themselves. */
export const throwUnlessRefused = (error: Error, query: Pick<Query, 'state'>): boolean =>
  !isRefused(error) && hasNothingToShow(error, query);
