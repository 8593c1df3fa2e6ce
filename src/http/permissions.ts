/**
 * Who may use which route: the one table. A route that is not in it cannot be declared, so nothing is open by accident. What of orders,
 * files and stock a principal sees on a route depends on its hubs and role: see `viewOf`.
 */
import type { Scope } from '../model/access.ts';

/** A scope, or `hub:*`: not to be limited to some hubs. */
export type Need = Scope | 'hub:*';
/** A need, or several; `everyone`, without signing in; or `signed-in`, whatever the role. */
export type Permission = Need | readonly Need[] | 'everyone' | 'signed-in';

/** Of keys and users of all hubs. */
const ACCESS = ['access:write', 'hub:*'] as const;

/** By the id of the route. */
export const PERMISSIONS: Readonly<Record<string, Permission>> = {
  getHealth: 'everyone',
  // Without addresses. Its details need `ops:read` and `hub:*`.
  getReadiness: 'everyone',
  getOpenApi: 'everyone',
  getMetrics: ['ops:read', 'hub:*'],

  listFiles: 'files:read',
  getFile: 'files:read',
  followFile: 'files:read',
  followFiles: 'files:read',
  listRejections: ['files:read', 'personal:read'],
  listReports: 'files:read',
  downloadReport: ['files:read', 'personal:read'],
  uploadFile: 'files:write',
  previewFile: 'files:write',
  listFormats: 'files:read',
  getFormat: 'files:read',
  putFormat: 'files:write',
  deleteFormat: 'files:write',
  getTemplate: 'files:read',
  cancelFile: 'files:write',
  pauseFile: 'files:write',
  resumeFile: 'files:write',
  retryFile: 'files:write',
  runFile: 'files:write',
  undoFile: ['files:write', 'orders:write'],
  listKeptOrders: ['files:read', 'orders:read'],

  listOrders: 'orders:read',
  getOrder: 'orders:read',
  // Of customers, products and files only what their own lists would show.
  search: 'orders:read',
  exportOrders: 'orders:read',
  listChangesOfOrder: 'orders:read',
  listEventsOfOrder: 'orders:read',
  createOrder: 'orders:write',
  createOrders: 'orders:write',
  setOrderStatus: 'orders:write',
  setOrderStatuses: 'orders:write',
  editOrder: 'orders:write',
  deleteOrder: 'orders:delete',
  getWorkflow: 'signed-in',

  // It is about orders and files of all hubs.
  eraseCustomer: ['orders:delete', 'hub:*'],
  getErasure: ['orders:delete', 'hub:*'],
  listErasures: ['orders:delete', 'hub:*'],

  listStock: 'stock:read',
  setStock: 'stock:write',
  adjustStock: 'stock:write',

  subscribeToEvents: 'events:read',
  subscribeByWebSocket: 'events:read',

  // Sums over all hubs.
  getStats: ['stats:read', 'hub:*'],
  // By e-mail: without names and e-mails nothing would be left.
  listCustomers: ['stats:read', 'personal:read', 'hub:*'],
  getCustomer: ['stats:read', 'orders:read', 'personal:read', 'hub:*'],
  listProducts: ['stats:read', 'hub:*'],
  getProduct: ['stats:read', 'stock:read', 'hub:*'],
  // By customer it needs `personal:read`, too.
  getOrderReport: ['stats:read', 'hub:*'],
  rebuildReadModels: ['ops:write', 'hub:*'],
  getHistory: ['stats:read', 'hub:*'],

  getMe: 'signed-in',
  createToken: 'everyone',
  beginSession: 'everyone',
  endSession: 'everyone',
  getWaysToSignIn: 'everyone',
  beginOidcSignIn: 'everyone',
  finishOidcSignIn: 'everyone',
  endSessions: 'signed-in',
  changePassword: 'signed-in',
  listUsers: ACCESS,
  createUser: ACCESS,
  changeUser: ACCESS,
  resetUser: ACCESS,
  deleteUser: ACCESS,
  listKeys: ACCESS,
  createKey: ACCESS,
  revokeKey: ACCESS,
  rotateKey: ACCESS,
  // It tells of orders and principals of all hubs.
  listAudit: ['audit:read', 'hub:*'],

  listFinalizerOrders: ['ops:read', 'hub:*'],
  redriveFinalizer: ['ops:write', 'hub:*'],
  getSettings: 'signed-in',
  getSampleOrders: 'everyone',
  getSampleStock: 'everyone',
};
