/** The engines in the data directory: its lock, its objects, and the thread that writes `oms.db` where one is used. */
import type { Logger } from 'pino';
import { type Holder, isNewStore, openDataDirectory } from './adapters/data-directory.ts';
import { prepareDirectory } from './adapters/object-store.directory/prepare.ts';
import { watchDatabase } from './adapters/sqlite/watch.ts';
import { Writer } from './adapters/sqlite/writer.ts';
import { type SqliteOperations, startSqliteWriter } from './adapters/sqlite-operations.ts';
import type { Config } from './config.ts';
import type { PortsOptions } from './open-ports.ts';
import { readMessage } from './pipeline/message.ts';

export interface Embedded {
  died: Promise<Error>;
  /** For one thread. */
  connect(): NonNullable<PortsOptions['embedded']>;
  /** Files whose message is in the queue. */
  queued: ReadonlySet<string>;
  announce(at: Pick<Holder, 'url' | 'socket'>): void;
  /** There was no database before. */
  begun: boolean;
  /** There was no directory of uploads before. */
  objectsBegun: boolean;
  /** Logs when the database becomes unusable, until the returned function is called. */
  watch(logger: Logger): () => void;
}

/** Everything that must be closed at the end is added to `opened`, also when this throws. */
export async function startEmbedded(config: Config, command: string, opened: AsyncDisposableStack): Promise<Embedded> {
  const directory = openDataDirectory(config.dataDirectory);
  opened.defer(() => directory.release());
  directory.announce({ command, url: null, socket: null });
  const announce: Embedded['announce'] = (at) => directory.announce({ command, ...at });
  const { database, objects } = directory;
  if (config.jobQueue.kind !== 'sqlite' && config.orderStore.kind !== 'sqlite')
    return {
      objectsBegun: await prepareDirectory(objects),
      died: new Promise<Error>(() => {}),
      connect: () => ({ database, objects, writerPort: null }),
      queued: new Set<string>(),
      announce,
      begun: false,
      watch: () => () => {},
    };
  const begun = config.orderStore.kind === 'sqlite' && isNewStore(config.dataDirectory);
  const writerThread = await startWriter(database, opened);
  const connection = new Writer<SqliteOperations>(writerThread.connect());
  // The lock proves that the holders of leases and messages are dead.
  const [kept, , waiting] = await Promise.all([
    connection.call('keptObjects', null),
    connection.call('freeLeases', null),
    connection.call('freeDeliveries', null),
  ]);
  return {
    objectsBegun: config.objectStore.kind === 'directory' && (await prepareDirectory(objects, kept)),
    died: writerThread.died,
    connect: () => ({ database, objects, writerPort: writerThread.connect() }),
    queued: new Set(waiting.map(readMessage).flatMap((message) => (message.kind === 'job' ? [message.fileId] : []))),
    announce,
    begun,
    watch: (logger) => watchDatabase(connection, logger),
  };
}

/** Ends the thread also when it has only started in part. */
function startWriter(database: string, opened: AsyncDisposableStack) {
  const starting = startSqliteWriter(database);
  opened.defer(() =>
    starting.then(
      (thread) => thread.close(),
      () => {},
    ),
  );
  return starting;
}
