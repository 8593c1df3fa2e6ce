/** Workarounds for two bugs of the driver, after which a client finds no server any more. */
import type { Socket } from 'node:net';
import type { MongoClient } from 'mongodb';
import { limits } from '../../limits.ts';

/** What the driver keeps about its servers. Source: mongodb/lib/sdam/topology.js, monitor.js, mongodb/lib/cmap/connection.js. */
interface DriverInternals {
  topology?: { s: { servers: Map<string, { monitor?: { connection?: MonitorConnection | null } | null }> } };
}

interface MonitorConnection {
  socket: Socket;
  destroy(): void;
}

/**
 * When all connections of a server end at the same moment, the driver checks the server on one whose socket is destroyed already and
 * whose `close` event is still to come: it waits for a `drain` that never comes, and finds no server until `reconnectWhenStuck`. The
 * event comes just before the driver takes the connection, and it opens another when that one is closed.
 */
export function checkOnOpenConnections(client: MongoClient): void {
  client.on('serverHeartbeatStarted', ({ connectionId: address }) => {
    const connection = (client as DriverInternals).topology?.s.servers.get(address)?.monitor?.connection;
    if (connection?.socket.destroyed) connection.destroy();
  });
}

/**
 * The driver's check of a server never ends when it began on a connection that was just being closed: it waits for a socket that is gone,
 * and the client finds no server from then on. Operations under way at the reconnect fail as in an outage.
 */
export function reconnectWhenStuck(client: MongoClient): void {
  const checks = new Map<string, NodeJS.Timeout>();
  const ended = ({ connectionId }: { connectionId: string }) => {
    clearTimeout(checks.get(connectionId));
    checks.delete(connectionId);
  };
  const reconnect = async () => {
    await client.close();
    await client.connect();
  };
  client.on('serverHeartbeatStarted', (check) => {
    ended(check);
    // When the reconnect fails, the next operation connects again.
    const timer = setTimeout(() => reconnect().catch(() => {}), limits.mongoStuckMs);
    timer.unref();
    checks.set(check.connectionId, timer);
  });
  client.on('serverHeartbeatSucceeded', ended);
  client.on('serverHeartbeatFailed', ended);
  client.on('topologyClosed', () => {
    for (const connectionId of [...checks.keys()]) ended({ connectionId });
  });
}
