/** The entry of the page: first the theme, so that nothing is drawn in the wrong one, then the router in its query client. */
import './layout/theme.ts';
import './tokens.css';
import './layout/base.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { NotLoaded, Problem, Unreachable } from './api/client.ts';
import { followProgress } from './api/live.ts';
import { createQueryClient } from './api/query-client.ts';
import { startSession } from './api/sign-in.ts';
import { createAppRouter } from './routes.tsx';

startSession();
const queryClient = createQueryClient();
const router = createAppRouter();
followProgress(queryClient);

createRoot(document.getElementById('root')!, {
  // A view shows what the service refused or did not answer. Anything else is a bug of this page.
  onCaughtError: (error) =>
    [Problem, Unreachable, NotLoaded].some((shown) => error instanceof shown) || console.error(error),
}).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
