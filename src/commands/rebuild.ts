/**
 * `oms rebuild`: customers, products and reports are made anew from all orders. Goes to the service that it is told, else to the order
 * store, and where a service holds that, through the service. Where none runs, it is done at the next start.
 */
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import { askForRebuild } from '../pipeline/projector/rebuild.ts';
import { openBook } from './book.ts';
import { CLIENT_OPTIONS } from './connect.ts';
import { EXIT, print } from './orders/printed.ts';

type AskForRebuild = () => Promise<unknown>;

export async function run(args: string[]): Promise<number> {
  const { values: given } = parseArgs({ args, options: CLIENT_OPTIONS });
  const config = readConfig();
  await using opened = new AsyncDisposableStack();
  const ask = await openBook<AskForRebuild>(
    { given, config, command: 'oms rebuild', opened },
    (client) => () => client.call('POST', '/projector/rebuild'),
    (store, record) => async () => {
      if (!store.journal)
        throw new OmsError('no_read_models', 'there is nothing to make anew where orders are on MongoDB');
      await askForRebuild(store);
      if (config.access.required) await record('read models');
    },
  );
  await ask();
  await print('customers, products and reports are made anew: projector.behind of /stats says how far that is\n');
  return EXIT.done;
}
