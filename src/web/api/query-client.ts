/** The cache of queries. The stream of progress invalidates them; what fails is shown, not retried silently. */
import { type Query, QueryClient } from '@tanstack/react-query';
import { Problem, Unreachable } from './client.ts';

const TRIES = 2;

export const createQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        // On loopback the service works without a network, too.
        networkMode: 'always',
        staleTime: 2_000,
        refetchOnWindowFocus: true,
        // When the service is unreachable, the stream of progress waits for it and then invalidates everything.
        retry: (failures, error) => error instanceof Problem && error.status >= 500 && failures < TRIES,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });

/** For `throwOnError`: the route shows what fails before there is data. That the service is unreachable is shown by the banner. */
export const hasNothingToShow = (error: Error, { state }: Pick<Query, 'state'>): boolean =>
  state.data === undefined && !(error instanceof Unreachable);

/** The service refuses the address: the view shows why, as the user can fix it there. */
export const isRefused = (error: Error | null): error is Problem => error instanceof Problem && error.status === 400;

/** For `throwOnError` of views that show a refusal themselves. */
export const throwUnlessRefused = (error: Error, query: Pick<Query, 'state'>): boolean =>
  !isRefused(error) && hasNothingToShow(error, query);
