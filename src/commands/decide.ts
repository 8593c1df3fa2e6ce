/** `oms decide`: runs the reference decision service, for a finalizer with `OMS_FINALIZER=http://…`, until it is stopped. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { readConfig } from '../config.ts';
import { OmsError } from '../errors.ts';
import { startDecisionService } from '../ims/decision-service.ts';
import { parseMinor } from '../model/money.ts';
import { openWithoutKeys } from './open-to.ts';

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '8082' },
      'cancel-over': { type: 'string' },
      'hold-over': { type: 'string' },
      'hold-seconds': { type: 'string', default: '60' },
    },
  });
  const { host } = readConfig();
  const service = await startDecisionService(host, wholeNumber('port', values.port, 65_535), {
    cancelOverMinor: amount('cancel-over', values['cancel-over']),
    holdOverMinor: amount('hold-over', values['hold-over']),
    holdSeconds: wholeNumber('hold-seconds', values['hold-seconds'], 86_400),
  });
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  process.stdout.write(`decision service on ${service.url}\n`);
  const open = openWithoutKeys(host, 'ask what it decides');
  if (open !== null) process.stdout.write(`${open}\n`);
  await stopped;
  await service.close();
  return 0;
}

function wholeNumber(name: string, value: string, most: number): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > most)
    throw new OmsError('invalid_option', `--${name} "${value}" is not a whole number up to ${most}`);
  return Number(value);
}

function amount(name: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  const minor = parseMinor(value);
  if (minor === null) throw new OmsError('invalid_option', `--${name} "${value}" is not an amount such as 250.00`);
  return minor;
}
