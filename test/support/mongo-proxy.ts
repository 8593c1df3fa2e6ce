/**
 * A proxy in front of MongoDB that knows where a command begins and ends: it can cut the connection before a command reaches the
 * server, or after it did and before its answer comes back, let only some of a command's documents through, answer it with an error,
 * hold it for as long as a test likes, or bring it to the server long after its sender has given it up.
 * Source: MongoDB Wire Protocol, https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { BSON } from 'mongodb';

/** One that a client sends for the operations of its user. */
export interface Command {
  /** `insert orders` */
  name: string;
  body: BSON.Document;
  /** How many documents it is about, where each may be written without the others; else 0. */
  parts: number;
}

/** What becomes of a command: how much of it reaches the server, and whether its answer comes back. */
export interface CommandFate {
  applies: 'all' | 'nothing' | number;
  /** The connection is cut before the answer; afterwards this is called. */
  cut: (() => void) | null;
  /** Called with what brings the command to the server by another way, and waits for its answer there. It goes its own way after that. */
  aside?: (bring: () => Promise<void>) => Promise<void>;
  /** What the client is answered in place of the server, which hears nothing of it. */
  refusal?: BSON.Document;
}

export interface MongoProxy {
  url: string;
  /** Ends all connections and refuses new ones. */
  stop(): void;
}

const HEADER_BYTES = 16;
/** After the header: flag bits and the kind of the first section. */
const BODY_OFFSET = HEADER_BYTES + 5;
const OP_MSG = 2013;
/** What drivers send of their own accord. */
const OWN_COMMANDS = new Set(['hello', 'isMaster', 'ismaster', 'ping', 'endSessions', 'killCursors', 'buildInfo']);

export async function startMongoProxy(
  server: string,
  fateOf: (command: Command) => Promise<CommandFate>,
): Promise<MongoProxy> {
  const { hostname, port } = new URL(server);
  const sockets = new Set<Socket>();
  /** On a connection of its own. */
  const bring = async (message: Buffer) => {
    const socket = connect({ port: Number(port), host: hostname, noDelay: true });
    socket.write(message);
    await once(socket, 'data');
    socket.destroy();
  };
  const listener = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: Number(port), host: hostname, noDelay: true });
    let onAnswer: (() => void) | null = null;
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
      const command = commandOf(message);
      const fate = command && (await fateOf(command));
      if (fate?.refusal) {
        client.write(answerTo(message, { ok: 0, ...fate.refusal }));
        return;
      }
      await fate?.aside?.(() => bring(message));
      if (fate?.applies === 'nothing') {
        cut();
        fate.cut?.();
        return;
      }
      onAnswer = fate?.cut ?? null;
      upstream.write(typeof fate?.applies === 'number' ? shortened(message, fate.applies) : message);
    };
    client.on(
      'data',
      framed((message) => {
        turn = turn.then(() => forward(message));
      }),
    );
    upstream.on(
      'data',
      framed((message) => {
        if (!onAnswer) return client.write(message);
        cut();
        onAnswer();
      }),
    );
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `mongodb://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    stop() {
      listener.close();
      for (const socket of sockets) socket.destroy();
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

/** The body of a message, with the documents that come behind it, `updates` of a bulk for example, put where they belong. */
function bodyOf(message: Buffer, options: BSON.DeserializeOptions = {}): BSON.Document {
  const documentAt = (at: number) => BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)), options);
  const body = documentAt(BODY_OFFSET);
  for (let at = BODY_OFFSET + message.readInt32LE(BODY_OFFSET); at < message.length; ) {
    // A section: its kind, its length, its name, its documents.
    const end = at + 1 + message.readInt32LE(at + 1);
    const nameEnd = message.indexOf(0, at + 5);
    const documents: BSON.Document[] = [];
    for (let next = nameEnd + 1; next < end; next += message.readInt32LE(next)) documents.push(documentAt(next));
    body[message.toString('utf8', at + 5, nameEnd)] = documents;
    at = end;
  }
  return body;
}

/** Null for what the driver sends of its own accord. */
function commandOf(message: Buffer): Command | null {
  if (message.readInt32LE(12) !== OP_MSG) return null;
  const body = bodyOf(message);
  const [name, of] = Object.entries(body)[0]!;
  // It names a cursor, whose number differs from run to run.
  const collection = name === 'getMore' ? body.collection : of;
  if (OWN_COMMANDS.has(name)) return null;
  const parts = documentsOf(body)?.length ?? 0;
  return { name: `${name} ${collection}`, body, parts: parts > 1 ? parts : 0 };
}

/** What a write is about, one by one: the documents of an insert, the updates of a bulk, the ids of an update of many. */
function documentsOf(body: BSON.Document): unknown[] | undefined {
  const [update] = body.updates ?? [];
  return body.documents ?? (update?.multi ? update.q._id?.$in : body.updates);
}

function answerTo(message: Buffer, body: BSON.Document): Buffer {
  const answer = Buffer.concat([Buffer.alloc(BODY_OFFSET), BSON.serialize(body)]);
  answer.writeInt32LE(answer.length, 0);
  // To the id of the request.
  message.copy(answer, 8, 4, 8);
  answer.writeInt32LE(OP_MSG, 12);
  return answer;
}

/** The same command for the first of its documents alone. */
function shortened(message: Buffer, count: number): Buffer {
  // Numbers stay of the types that they are.
  const body = bodyOf(message, { promoteValues: false });
  documentsOf(body)!.splice(count);
  const rest = BSON.serialize(body);
  const short = Buffer.concat([message.subarray(0, BODY_OFFSET), rest]);
  short.writeInt32LE(short.length, 0);
  return short;
}
