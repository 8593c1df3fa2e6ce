/**
 * A proxy in front of MongoDB that knows where a command begins and ends: it can cut the connection before a command reaches the
 * server, or after it did and before its answer comes back, or hold a command for as long as a test likes.
 * Source: MongoDB Wire Protocol, https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { BSON } from 'mongodb';

export interface Command {
  /** Of those that a client sends for the operations of its user, from 0. */
  n: number;
  /** `insert orders` */
  name: string;
}

/** What becomes of a command. */
export type Fate = 'pass' | 'cut before' | 'cut after' | Promise<void>;

export interface MongoProxy {
  url: string;
  commands: Command[];
  close(): Promise<void>;
}

const HEADER_BYTES = 16;
/** After the header: flag bits and the kind of the first section. */
const BODY_OFFSET = HEADER_BYTES + 5;
const OP_MSG = 2013;
/** What drivers send of their own accord. */
const OWN_COMMANDS = new Set(['hello', 'isMaster', 'ismaster', 'ping', 'endSessions', 'killCursors', 'buildInfo']);

export async function startMongoProxy(server: string, fateOf: (command: Command) => Fate): Promise<MongoProxy> {
  const { hostname, port } = new URL(server);
  const commands: Command[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let cutAfterAnswer = false;
    let turn = Promise.resolve();
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    const forward = async (message: Buffer) => {
      const name = commandOf(message);
      if (name === null) return upstream.write(message);
      const command = { n: commands.length, name };
      commands.push(command);
      const fate = fateOf(command);
      if (fate === 'cut before') return cut();
      if (fate === 'cut after') cutAfterAnswer = true;
      else if (fate !== 'pass') await fate;
      return upstream.write(message);
    };
    client.on(
      'data',
      framed((message) => {
        turn = turn.then(() => forward(message)).then(() => {});
      }),
    );
    upstream.on(
      'data',
      framed((message) => {
        if (cutAfterAnswer) cut();
        else client.write(message);
      }),
    );
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `mongodb://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    commands,
    async close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
      await once(listener, 'close');
    },
  };
}

/** Calls with each whole message. */
function framed(onMessage: (message: Buffer) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      onMessage(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
}

/** Null for what the driver sends of its own accord. */
function commandOf(message: Buffer): string | null {
  if (message.readInt32LE(12) !== OP_MSG) return null;
  const length = message.readInt32LE(BODY_OFFSET);
  const body = BSON.deserialize(message.subarray(BODY_OFFSET, BODY_OFFSET + length));
  const [name, collection] = Object.entries(body)[0]!;
  return OWN_COMMANDS.has(name) ? null : `${name} ${collection}`;
}
