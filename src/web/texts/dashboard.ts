/** The words of the dashboard. */
import { formatNumber } from '../components/number.tsx';
import { files, plural } from './counted.ts';

export const dashboard = {
  figures: 'Totals',
  rows: 'Rows read',
  accepted: 'Accepted',
  invalid: 'Invalid',
  amount: 'Value of orders',
  speed: 'Rows per second',
  speedNow: 'in the last seconds',
  events: 'Events published',
  pending: (count: string) => `${count} still to publish`,
  share: (percent: string) => `${percent} of the rows`,
  orders: (count: number) => `${formatNumber(count)} ${plural(count, 'order', 'orders')}; returned ones have no value`,
  files: (count: number) => `from ${files(count)}`,
  history: 'Orders over time',
  bucket: 'One bar is',
  buckets: { minute: 'a minute', hour: 'an hour', day: 'a day (UTC)' },
  range: 'The last',
  ranges: {
    '1h': 'hour',
    '6h': '6 hours',
    '24h': '24 hours',
    '7d': '7 days',
    '30d': '30 days',
    '90d': '90 days',
    '365d': '365 days',
  },
  wholeRange: 'Whole period',
  quietRange: 'No rows were read in this period.',
  chart: (rows: string, accepted: string, invalid: string) =>
    `Bar chart: ${rows} rows, ${accepted} accepted, ${invalid} invalid. The table below has the same figures.`,
  table: 'The figures as a table',
  at: 'Start',
  newest: (count: string) => `Only the newest ${count} are shown. Choose longer bars to see all.`,
  byHub: 'Orders by hub',
  byOrderStatus: 'Orders by status',
  byReason: 'Invalid rows by reason',
  byFileStatus: 'Files by status',
  others: (count: number) => `${formatNumber(count)} ${plural(count, 'other', 'others')}`,
  noOrders: 'No orders yet.',
  noInvalid: 'No rows were rejected.',
  reasonsNote: 'A row with several reasons counts once for each.',
  health: 'Health',
  ready: 'Everything that the service depends on is up.',
  notReady: 'Something that the service depends on is down.',
  up: 'Up',
  incomplete: 'Up, but incomplete',
  down: 'Down',
  emptyTitle: 'Nothing imported yet',
  empty: 'Upload an order file to see its rows, orders and events counted here.',
  emptyLink: 'Upload a file',
  emptyCurl: 'From a terminal, with the sample file:',
  curl: 'the commands',
};

/** The name of each dependency of the service, and what happens while it is down. */
export const dependency: Record<string, { name: string; down: string }> = {
  objects: { name: 'File storage', down: 'Files cannot be uploaded or read until it is back. Nothing is lost.' },
  queue: { name: 'Job queue', down: 'New imports start when it is back. Nothing is lost.' },
  store: { name: 'Database', down: 'Imports continue when it is back. Nothing is lost.' },
  ims: {
    name: 'Inventory service',
    down: 'Imports wait, and continue when it is back. No row is rejected for it.',
  },
  events: { name: 'Event stream', down: 'Events are kept, and are published when it is back.' },
};
