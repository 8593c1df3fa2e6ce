/** The HTTP server: starts, sets the bounds of its sockets, stops. */
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';
import { Proxies } from './client-address.ts';
import { ConnectionGuard } from './connections.ts';
import { requestListener } from './request-listener.ts';
import { createHttpApp, type HttpOptions } from './router.ts';
import { sampleRowsPerSecond } from './row-rate.ts';
import { nameIn, type OwnTls, openTls } from './tls.ts';
import { respondToUnreadable, respondToUnroutable } from './unreadable.ts';
import { isWebSocket } from './ws-upgrade.ts';

/**
 * Listens, and at `socketPath` for the owner of this machine, where it is given. Throws `address_in_use`, `address_unusable`,
 * `socket_unusable`, `invalid_configuration` about TLS.
 */
export async function startHttpServer(options: HttpOptions, socketPath: string | null = null) {
  const { config, ports } = options;
  const tls = config.tls && (await openTls(config.tls));
  const stopping = new AbortController();
  const rate = sampleRowsPerSecond(ports);
  const app = createHttpApp(options, stopping.signal, rate.rowsPerSecond);
  const proxies = new Proxies(config.trustedProxies);
  const onNetwork = bounded(serverFor(tls), app.fetch, proxies);
  const onSocket = bounded(serverFor(null), (request, env) => app.fetch(request, { ...env, local: true }), proxies);
  const unfollow = tls?.follow(onNetwork.server as TlsServer, options.logger);
  const stop = async () => {
    stopping.abort();
    rate.stop();
    unfollow?.();
    await Promise.all([onNetwork.stop(), onSocket.stop()]);
  };
  try {
    if (socketPath !== null) await listenAt(onSocket.server, socketPath);
    await listen(onNetwork.server, options);
  } catch (error) {
    await stop();
    throw error;
  }
  const { port } = onNetwork.server.address() as AddressInfo;
  const name = tls ? nameIn(tls.certificate, config.host) : config.host;
  return {
    url: `${tls ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}`,
    /** Ends subscriptions, gives running requests some time to finish, then ends them. */
    stop,
  };
}

function serverFor(tls: OwnTls | null): Server {
  // Any other upgrade, such as to HTTP/2, is not offered: such a request is served as if it had not asked.
  const shouldUpgradeCallback = ({ headers }: IncomingMessage) => isWebSocket(headers.upgrade);
  if (!tls) return createServer({ shouldUpgradeCallback });
  const server = createTlsServer({ ...tls.context, shouldUpgradeCallback, handshakeTimeout: limits.tlsHandshakeMs });
  // Before the handshake nothing can be answered. Node would hand such errors to `clientError`.
  return server.removeAllListeners('tlsClientError').on('tlsClientError', (_, socket) => socket.destroy());
}

/** A server with the bounds of its sockets, which hands requests to `fetch`. */
function bounded(server: Server, fetch: Parameters<typeof getRequestListener>[0], proxies: Proxies) {
  // A total time limit would end slow uploads that make progress, so only silence ends a connection.
  server.requestTimeout = 0;
  server.headersTimeout = limits.headersMs;
  server.timeout = limits.uploadIdleMs;
  server.maxHeadersCount = limits.maxHeaders;
  const handle = requestListener(getRequestListener(fetch, { errorHandler: respondToUnroutable }));
  const guard = new ConnectionGuard(server, handle, proxies);
  server.on('clientError', respondToUnreadable);
  return {
    server,
    async stop(): Promise<void> {
      guard.stop();
      if (server.listening) await close(server);
    },
  };
}

/** The directory lets nobody but the owner in, and so does the socket. */
async function listenAt(server: Server, path: string): Promise<void> {
  server.listen(path);
  try {
    await once(server, 'listening');
    chmodSync(path, 0o600);
  } catch (error) {
    throw new OmsError('socket_unusable', `cannot listen on the socket ${path}: ${(error as Error).message}`);
  }
}

async function listen(server: Server, { config, roles }: HttpOptions): Promise<void> {
  const variable = roles.includes('api') ? 'OMS_PORT' : 'OMS_HEALTH_PORT';
  const port = variable === 'OMS_PORT' ? config.port : config.healthPort;
  server.listen(port, config.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new OmsError(
        'address_in_use',
        `${variable}: another program listens on ${config.host}, port ${port}: stop it, or set ${variable}`,
      );
    throw new OmsError('address_unusable', `OMS_HOST: cannot listen on ${config.host}, port ${port}: ${message}`);
  }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // Node closes the connections that are idle now, but not those that become idle later, after their last response.
  const sweep = setInterval(() => server.closeIdleConnections(), limits.stopCheckMs);
  const timer = setTimeout(() => server.closeAllConnections(), limits.stopRequestsMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}
