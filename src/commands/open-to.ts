/** Who can use a server from other machines without a key. The start says so, each time. */
import type { Config } from '../config.ts';
import { isLoopback } from '../model/loopback.ts';

/** One line; null when nobody can. `rights`: what a client may do. */
export function openTo(
  { host, allowedHosts, access }: Pick<Config, 'host' | 'allowedHosts' | 'access'>,
  rights: string,
): string | null {
  if (!access.openToOthers) return null;
  return isLoopback(host)
    ? `open to all whom a proxy lets through to ${allowedHosts.join(', ')}: they may ${rights}. To close it, leave OMS_AUTH=off out`
    : `${openAt(host, rights)}. To close it, leave OMS_AUTH=off out, or set OMS_HOST=127.0.0.1`;
}

/** The same for a server that knows no keys. */
export const openWithoutKeys = (host: string, rights: string): string | null =>
  isLoopback(host) ? null : `${openAt(host, rights)}. To close it, set OMS_HOST=127.0.0.1`;

function openAt(host: string, rights: string): string {
  const reaches = host === '0.0.0.0' || host === '::' ? 'any network address of this machine' : host;
  return `open to all who reach ${reaches}: without a key they may ${rights}`;
}
