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
  speedNow: 'over the last seconds',
  events: 'Events published',
  pending: (count: string) => `${count} still to publish`,
  share: (percent: string) => `${percent} of the rows`,
  orders: (count: number) => `of ${formatNumber(count)} ${plural(count, 'order', 'orders')}`,
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
  wholeRange: 'All of it',
  quietRange: 'No rows were read in this time.',
  chart: (rows: string, accepted: string, invalid: string) =>
    `Bar chart: ${rows} rows, ${accepted} accepted, ${invalid} invalid. The table below has the same figures.`,
  table: 'The figures as a table',
  at: 'Beginning',
  newest: (count: string) => `The newest ${count} are shown: choose larger bars to see all.`,
  byHub: 'Orders by hub',
  byOrderStatus: 'Orders by status',
  byReason: 'Invalid rows by reason',
  byFileStatus: 'Files by status',
  others: (count: number) => `${formatNumber(count)} ${plural(count, 'other', 'others')}`,
  noOrders: 'No orders yet.',
  noInvalid: 'No row was refused.',
  reasonsNote: 'A row that fails for several reasons counts for each.',
  health: 'Health',
  ready: 'All that the service needs answers.',
  notReady: 'Something that the service needs does not answer.',
  up: 'Answers',
  incomplete: 'Answers, but lacks something',
  down: 'Does not answer',
  emptyTitle: 'Nothing has been imported yet',
  empty: 'Upload an order file, and this view counts its rows, orders and events while it is read.',
  emptyLink: 'Upload a file',
  emptyCurl: 'From a terminal, with the sample file:',
  curl: 'the commands',
};

/** What each thing that the service needs is, and what it means that it is down. */
export const dependency: Record<string, { name: string; down: string }> = {
  objects: { name: 'Storage of files', down: 'Files cannot be uploaded or read until it is back. Nothing is lost.' },
  queue: { name: 'Job queue', down: 'New imports begin when it is back. Nothing is lost.' },
  store: { name: 'Database', down: 'Imports go on by themselves when it is back. Nothing is lost.' },
  ims: {
    name: 'Inventory service',
    down: 'Imports wait, and go on by themselves when it is back. No row is blamed.',
  },
  events: { name: 'Event stream', down: 'Events are kept, and published when it is back.' },
};
