/**
 * A server with MongoDB's protocol for tests and for the stack on one machine, where there is no Docker: mongo-java-server,
 * in memory. It knows no transactions and no replica sets, and forgets all when it ends.
 * Source: https://github.com/bwaldvogel/mongo-java-server
 */
import type { ChildProcess } from 'node:child_process';
import { type Compiling, compilerFlags } from './java.ts';
import { startListening } from './listening.ts';
import { fetchJars } from './maven.ts';

const MAIN = new URL('MongoServer.java', import.meta.url).pathname;
/**
 * It serves each connection on one of so many threads. By default they are few, and a long query of one client holds up all others whose
 * connections are on its thread.
 */
const THREADS = '-Dio.netty.eventLoopThreads=200';
const SERVER = { group: 'de.bwaldvogel', name: 'mongo-java-server', version: '1.47.0' };

export const fetchMongo = (): Promise<string> => fetchJars(SERVER);

/** Resolves when it listens, on a free port unless one is given. Throws `engine_unavailable`. */
export async function startMongo({
  port = 0,
  compiling = 'little',
}: {
  port?: number;
  compiling?: Compiling;
} = {}): Promise<{ url: string; child: ChildProcess; stop(): Promise<void> }> {
  const jars = await fetchMongo();
  const server = await startListening(
    'mongo-java-server',
    ['java', '-Xmx1g', THREADS, ...compilerFlags(compiling), '-cp', `${jars}/*`, MAIN, String(port)],
    { pattern: /^listening on (\d+)$/ },
  );
  return { ...server, url: server.url.replace('http:', 'mongodb:') };
}
