/**
 * `oms orders …`: lists, shows and changes orders of a running service over HTTP. Exit code 0: all done, 2: some refused, 1: failed, or
 * the service cannot be reached. Each refused order is a line `ID: code: detail` on standard error.
 */
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { CLIENT_OPTIONS, connect } from './connect.ts';
import type { OrderAction } from './orders/action.ts';
import { cancelOrders, deleteOrders, setStatus } from './orders/change.ts';
import { FILTERS, listOrders } from './orders/list.ts';
import { showHistories, showOrders } from './orders/show.ts';

const CHANGE_OPTIONS = ['reason', 'if-version'];

/** Each with the options that it has besides those of all. */
const ACTIONS: Record<string, { run: OrderAction; options: string[] }> = {
  list: { run: listOrders, options: ['limit', 'ids', ...FILTERS] },
  show: { run: showOrders, options: [] },
  history: { run: showHistories, options: [] },
  'set-status': { run: setStatus, options: CHANGE_OPTIONS },
  cancel: { run: cancelOrders, options: CHANGE_OPTIONS },
  delete: { run: deleteOrders, options: ['if-version'] },
};

export async function run([name, ...args]: string[]): Promise<number> {
  const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw new OmsError('invalid_option', `usage: oms orders ${Object.keys(ACTIONS).join('|')} …`);
  const isSwitch = (option: string) => option === 'ids' || option === 'json';
  const names = [...Object.keys(CLIENT_OPTIONS), 'json', ...action.options];
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: Object.fromEntries(
      names.map((option) => [option, { type: isSwitch(option) ? ('boolean' as const) : ('string' as const) }]),
    ),
  });
  const given = values as Record<string, string | undefined>;
  const filters = FILTERS.filter((filter) => given[filter] !== undefined);
  const client = connect(given, readConfig(), limits.clientRequests);
  try {
    return await action.run(client, positionals, {
      json: values.json === true,
      ids: values.ids === true,
      limit: given.limit,
      reason: given.reason,
      'if-version': given['if-version'],
      filters: Object.fromEntries(filters.map((filter) => [filter.replaceAll('-', '_'), given[filter]!])),
    });
  } finally {
    client.close();
  }
}
