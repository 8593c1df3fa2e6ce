/**
 * Whose request it is, by address. Behind a proxy all connections come from the proxy, which names the client in `X-Forwarded-For` and its
 * scheme in `X-Forwarded-Proto`. Anybody can send these headers, so they count only from the proxies of OMS_TRUSTED_PROXIES. Each proxy
 * adds the address that it saw on the right, so the client is the rightmost that is no trusted proxy; what stands before it may be made up.
 *
 * `Forwarded` (RFC 7239) is not read: proxies that write `X-Forwarded-For` pass on a `Forwarded` that the client made up.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, type Socket, SocketAddress } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Context } from 'hono';
import type { Config } from '../config.ts';
import { limits } from '../limits.ts';
import type { ForwardedBy, HttpEnv } from './env.ts';

/** The address of the client; '' for one that came over a socket without addresses. */
export const clientAddress = (c: Context<HttpEnv>): string => c.get('proxies').clientOf(c.env.incoming);

/** Whether the client sees TLS: ours, or that of a trusted proxy. */
export const isSecure = (c: Context<HttpEnv>): boolean => c.get('proxies').isSecure(c.env.incoming);

/** Who is at the other end of a connection: a client or its proxy. */
export const peerOf = (socket: Socket): string => plain(socket.remoteAddress ?? '');

export class Proxies implements ForwardedBy {
  readonly #trusted = new BlockList();
  readonly #none: boolean;

  constructor(ranges: Config['trustedProxies']) {
    this.#none = ranges.length === 0;
    for (const { address, prefix, family } of ranges) this.#trusted.addSubnet(address, prefix, family);
  }

  trusts(address: string): boolean {
    if (this.#none) return false;
    const family = isIP(address);
    return family !== 0 && this.#trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }

  clientOf({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): string {
    let client = peerOf(socket);
    let rest = headers['x-forwarded-for'];
    for (let hops = 0; typeof rest === 'string' && hops < limits.maxProxyHops && this.trusts(client); hops++) {
      const comma = rest.lastIndexOf(',');
      const named = readAddress(rest.slice(comma + 1).trim());
      // Before a word that is no address, such as `unknown`, nothing can be trusted.
      if (named === null) break;
      client = named;
      rest = comma === -1 ? undefined : rest.slice(0, comma);
    }
    return client;
  }

  isSecure({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): boolean {
    if ((socket as Partial<TLSSocket>).encrypted) return true;
    if (!this.trusts(peerOf(socket))) return false;
    const schemes = headers['x-forwarded-proto'];
    // Of several the last is the word of the proxy itself.
    return typeof schemes === 'string' && /(?:^|,)\s*https\s*$/i.test(schemes);
  }
}

/**
 * What bounds per address count: an address of IPv4, or a /64 of IPv6, as every client has that many addresses of its own.
 * Source: RFC 6177, section 2; RFC 7421.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head, tail] = address.split('::').map((groups) => groups.split(':').filter((group) => group !== ''));
  const zeros = new Array<string>(Math.max(0, 8 - head!.length - (tail?.length ?? 0))).fill('0');
  return `${[...head!, ...zeros, ...(tail ?? [])].slice(0, 4).join(':')}::/64`;
}

/** Connections over IPv4 to a socket of both versions have mapped addresses. */
const plain = (address: string): string => address.replace(/^::ffff:(?=[\d.]+$)/i, '');

/** An address as proxies write it, also with its port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. Null for anything else. */
function readAddress(text: string): string | null {
  const address = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0) return null;
  return family === 4 ? address : plain(new SocketAddress({ address, family: 'ipv6' }).address);
}
