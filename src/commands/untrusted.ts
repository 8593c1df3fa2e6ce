/** A service over TLS whose certificate this machine does not trust, or that has another name: what to do, by the codes of OpenSSL. */
import { OmsError } from '../errors.ts';

/** Null for any other error. */
export function untrusted(error: unknown): OmsError | null {
  const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
  if (typeof code !== 'string' || !/CERT|LEAF_SIGNATURE|HOSTNAME_MISMATCH/.test(code)) return null;
  const [reason] = message.split(';');
  return new OmsError(
    'service_untrusted',
    `the certificate of the service is not accepted (${reason}): set NODE_EXTRA_CA_CERTS to the file of the authority that made it, and --url to a name that it has`,
    { cause: error },
  );
}
