/** What the steps of one file share. */
import type { Logger } from 'pino';
import type { Claim } from '../../ports/files.ts';
import type { IngestOptions, IngestPorts } from './options.ts';
import type { Outage } from './outage.ts';

export interface IngestContext {
  ports: IngestPorts;
  claim: Claim;
  options: IngestOptions;
  outage: Outage;
  logger: Logger;
}
