/**
 * A proxy in front of an engine that simulates outages: the port is closed and all connections end, or connections are accepted and
 * nothing is forwarded. It starts again on the same port.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface TcpProxy {
  /** `127.0.0.1:port` */
  address: string;
  /** Ends all connections and refuses new ones. */
  stop(): Promise<void>;
  /** Accepts connections and forwards nothing, also on those that are open. */
  hang(): void;
  /** Forwards again, also the bytes that were held, as a machine does that was frozen. */
  start(): Promise<void>;
  /** Of each connection only so many bytes more come from the engine, until the next `stop` or `start`. */
  holdAnswersAfter(bytes: number): void;
  close(): Promise<void>;
}

interface Connection {
  sockets: [client: Socket, engine: Socket];
  answeredBytes: number;
}

/** `engine` is `host:port`. */
export async function startTcpProxy(engine: string): Promise<TcpProxy> {
  const { hostname, port: enginePort } = new URL(`tcp://${engine}`);
  const connections = new Set<Connection>();
  let listener: Server | null = null;
  let hangs = false;
  let heldAfterBytes = Number.POSITIVE_INFINITY;
  let changed = Promise.withResolvers<void>();

  const tell = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const end = ({ sockets }: Connection) => {
    for (const socket of sockets) socket.destroy();
  };

  async function forward(connection: Connection, from: Socket, to: Socket): Promise<void> {
    const answers = from === connection.sockets[1];
    try {
      for await (const block of from as AsyncIterable<Buffer>) {
        if (answers) connection.answeredBytes += block.length;
        while (hangs || (answers && connection.answeredBytes > heldAfterBytes)) await changed.promise;
        if (!to.write(block)) await once(to, 'drain');
      }
      to.end();
    } catch {
      end(connection);
    }
  }

  async function listen(port: number): Promise<number> {
    listener = createServer({ noDelay: true }, (client) => {
      const upstream = connect({ port: Number(enginePort), host: hostname, noDelay: true });
      const connection: Connection = { sockets: [client, upstream], answeredBytes: 0 };
      connections.add(connection);
      for (const socket of connection.sockets) {
        socket.on('error', () => end(connection));
        socket.on('close', () => {
          connections.delete(connection);
          end(connection);
          tell();
        });
      }
      void forward(connection, client, upstream);
      void forward(connection, upstream, client);
    });
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  }

  async function stop(): Promise<void> {
    if (!listener) return;
    const closed = once(listener, 'close');
    listener.close();
    for (const connection of connections) end(connection);
    await closed;
    listener = null;
    hangs = false;
    heldAfterBytes = Number.POSITIVE_INFINITY;
    tell();
  }

  const port = await listen(0);
  return {
    address: `127.0.0.1:${port}`,
    stop,
    hang() {
      hangs = true;
    },
    async start() {
      hangs = false;
      heldAfterBytes = Number.POSITIVE_INFINITY;
      tell();
      if (!listener) await listen(port);
    },
    holdAnswersAfter(bytes) {
      for (const connection of connections) connection.answeredBytes = 0;
      heldAfterBytes = bytes;
    },
    close: stop,
  };
}
