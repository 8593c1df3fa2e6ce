/** Who can use the server from other machines. The start prints it, as the service has no users and no keys. */
import type { Config } from '../config.ts';
import { isLoopback } from '../http/local-only.ts';

/** One line; null when only this machine reaches the server. `rights`: what a client may do. */
export function openTo({ host, allowedHosts }: Pick<Config, 'host' | 'allowedHosts'>, rights: string): string | null {
  if (!isLoopback(host)) {
    const reaches = host === '0.0.0.0' || host === '::' ? 'any network address of this machine' : host;
    return `open to all who reach ${reaches}: without a password they may ${rights}. To close it, set OMS_HOST=127.0.0.1, or let only those in whom you trust, by a firewall or a proxy with passwords`;
  }
  if (allowedHosts.length > 0)
    return `open to all whom a proxy lets through to ${allowedHosts.join(', ')}: they may ${rights}. Let the proxy ask for passwords; to close it, leave OMS_ALLOWED_HOSTS out`;
  return null;
}
