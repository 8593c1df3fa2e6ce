/**
 * The addresses of the page, and which state of each view is in them. A view is loaded when it is first opened. Search parameters are
 * plain text with the names of the API's parameters; others are dropped.
 */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { FILE_STATUSES } from '../model/file.ts';
import { REASON_CODES } from '../model/rejection.ts';
import { NotLoaded, Unreachable } from './api/client.ts';
import { isConnectionLost } from './api/connection.ts';
import { sessionAsked } from './api/sign-in.ts';
import { Frame } from './layout/frame.tsx';
import { NothingHere } from './layout/nothing-here.tsx';
import { RouteProblem } from './layout/route-problem.tsx';

type Given = Record<string, unknown>;

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const oneOf =
  <const Value extends string>(values: readonly Value[]) =>
  (value: unknown): Value | undefined =>
    values.find((known) => known === value);

/** How many pages of a list are shown: one, the default, to as many as a browser can hold. */
const pages = (value: unknown): string | undefined => {
  const count = Number(text(value));
  return Number.isInteger(count) && count > 1 ? String(Math.min(count, 100)) : undefined;
};

type Reader = (value: unknown) => string | undefined;
type Read<Readers> = {
  [Name in keyof Readers]?: Readers[Name] extends (value: unknown) => infer Value ? Value : never;
};

/** Reads each parameter by its reader. An invalid one becomes undefined, which removes it from the address. */
const search =
  <Readers extends Record<string, Reader>>(readers: Readers) =>
  (given: Given): Read<Readers> =>
    Object.fromEntries(Object.entries(readers).map(([name, read]) => [name, read(given[name])])) as Read<Readers>;

/** Loads nothing while the service is unreachable: a browser may remember that a module failed to load. */
const view =
  <Module,>(load: () => Promise<Module>) =>
  async (): Promise<Module> => {
    if (isConnectionLost()) throw new Unreachable();
    const loading = load().catch((cause) => {
      throw new NotLoaded(cause);
    });
    return (await Promise.all([loading, sessionAsked()]))[0];
  };

const root = createRootRoute({ component: Frame, notFoundComponent: NothingHere });

const files = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: search({ status: oneOf(FILE_STATUSES), needs_attention: oneOf(['true']), pages }),
  component: lazyRouteComponent(
    view(() => import('./files/files-page.tsx')),
    'FilesPage',
  ),
});

/** The API's address of the list of files. */
const filesOfApi = createRoute({
  getParentRoute: () => root,
  path: '/files',
  beforeLoad: () => {
    throw redirect({ to: '/', replace: true });
  },
});

const file = createRoute({
  getParentRoute: () => root,
  path: '/files/$fileId',
  validateSearch: search({ code: oneOf(REASON_CODES), from_row: text }),
  component: lazyRouteComponent(
    view(() => import('./files/file-page.tsx')),
    'FilePage',
  ),
});

/** What the columns of a file are, before it is uploaded. */
const columns = createRoute({
  getParentRoute: () => root,
  path: '/columns',
  component: lazyRouteComponent(
    view(() => import('./formats/columns-page.tsx')),
    'ColumnsPage',
  ),
});

const formats = createRoute({
  getParentRoute: () => root,
  path: '/formats',
  component: lazyRouteComponent(
    view(() => import('./formats/formats-page.tsx')),
    'FormatsPage',
  ),
});

const format = createRoute({
  getParentRoute: () => root,
  path: '/formats/$name',
  validateSearch: search({ copy: oneOf(['true']) }),
  component: lazyRouteComponent(
    view(() => import('./formats/format-page.tsx')),
    'FormatPage',
  ),
});

const orders = createRoute({
  getParentRoute: () => root,
  path: '/orders',
  validateSearch: search({
    status: text,
    hub_id: text,
    sku: text,
    file_id: text,
    customer_email: text,
    created_from: text,
    created_to: text,
    updated_from: text,
    from: text,
    to: text,
    q: text,
    cursor: text,
  }),
  component: lazyRouteComponent(
    view(() => import('./orders/orders-page.tsx')),
    'OrdersPage',
  ),
});

const order = createRoute({
  getParentRoute: () => root,
  path: '/orders/$orderId',
  component: lazyRouteComponent(
    view(() => import('./orders/order-page.tsx')),
    'OrderPage',
  ),
});

const newOrder = createRoute({
  getParentRoute: () => root,
  path: '/new-order',
  component: lazyRouteComponent(
    view(() => import('./orders/new-order-page.tsx')),
    'NewOrderPage',
  ),
});

const inventory = createRoute({
  getParentRoute: () => root,
  path: '/inventory',
  validateSearch: search({ sku: text, hub_id: text, sort: oneOf(['key', 'available']), cursor: text }),
  component: lazyRouteComponent(
    view(() => import('./inventory/inventory-page.tsx')),
    'InventoryPage',
  ),
});

const dashboard = createRoute({
  getParentRoute: () => root,
  path: '/stats',
  validateSearch: search({
    bucket: oneOf(['minute', 'hour', 'day']),
    range: oneOf(['1h', '6h', '24h', '7d', '30d', '90d', '365d']),
  }),
  component: lazyRouteComponent(
    view(() => import('./dashboard/dashboard-page.tsx')),
    'DashboardPage',
  ),
});

const liveEvents = createRoute({
  getParentRoute: () => root,
  path: '/live',
  validateSearch: search({ filter: text, after: oneOf(['0']) }),
  component: lazyRouteComponent(
    view(() => import('./live-events/live-events-page.tsx')),
    'LiveEventsPage',
  ),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(
    view(() => import('./administration/keys-page.tsx')),
    'KeysPage',
  ),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: search({ principal: text, action: text, target: text, from: text, to: text, cursor: text }),
  component: lazyRouteComponent(
    view(() => import('./administration/audit-page.tsx')),
    'AuditPage',
  ),
});

const routeTree = root.addChildren([
  files,
  filesOfApi,
  file,
  columns,
  formats,
  format,
  orders,
  order,
  newOrder,
  inventory,
  dashboard,
  liveEvents,
  keys,
  audit,
]);

export const createAppRouter = () =>
  createRouter({
    routeTree,
    defaultPreload: 'intent',
    scrollRestoration: true,
    search: { strict: true },
    defaultErrorComponent: RouteProblem,
    defaultNotFoundComponent: NothingHere,
    parseSearch: (query) => Object.fromEntries(new URLSearchParams(query)),
    stringifySearch: (values) => {
      const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
      const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
      return query === '' ? '' : `?${query}`;
    },
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
