/**
 * TLS of the service's own. Certificate and key are read again when their files change, also when they are replaced by a rename or a
 * symbolic link as certbot and Kubernetes do. New connections get the new pair, those that are open go on. A pair that cannot be used
 * changes nothing: the one before stays.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Server } from 'node:https';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { OmsError } from '../errors.ts';
import { limits } from '../limits.ts';

type Files = NonNullable<Config['tls']>;

interface Pair {
  context: SecureContextOptions;
  certificate: X509Certificate;
}

export interface OwnTls extends Pair {
  /** Gives the server each new pair. Returns the function that ends it. */
  follow(server: Pick<Server, 'setSecureContext'>, logger: Logger, everyMs?: number): () => void;
}

/** Throws `invalid_configuration` with the variable and the path of what is wrong. */
export async function openTls(files: Files): Promise<OwnTls> {
  const used = await signature(files);
  return {
    ...(await readPair(files)),
    follow: (server, logger, everyMs = limits.tlsCheckMs) => follow(files, used, server, logger, everyMs),
  };
}

/**
 * A name of the certificate by which clients on this machine can check it: the address to listen on if it is among them. The name of a
 * service without a proxy in front leads to it.
 */
export function nameIn(certificate: X509Certificate, host: string): string {
  const isCovered = isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host);
  if (isCovered) return host;
  const names = (certificate.subjectAltName ?? '').split(', ').filter((name) => /^DNS:[\w.-]+$/.test(name));
  return names[0]?.slice('DNS:'.length) ?? host;
}

function follow(
  files: Files,
  used: string,
  server: Pick<Server, 'setSecureContext'>,
  logger: Logger,
  everyMs: number,
): () => void {
  let tried = used;
  let seen = used;
  const look = async () => {
    const found = await signature(files);
    // The two files are seldom replaced at the same moment: a change counts once it has stayed.
    if (found !== tried && found === seen) {
      tried = found;
      await replace();
    }
    seen = found;
    timer?.refresh();
  };
  const replace = async () => {
    try {
      const { context, certificate } = await readPair(files);
      server.setSecureContext(context);
      logger.info({ path: files.certFile, valid_to: certificate.validTo }, 'a new TLS certificate is used');
    } catch (error) {
      logger.error({ err: error }, 'the new TLS certificate cannot be used: the one before stays');
    }
  };
  let timer: NodeJS.Timeout | null = setTimeout(look, everyMs);
  return () => {
    clearTimeout(timer!);
    timer = null;
  };
}

async function readPair({ certFile, keyFile }: Files): Promise<Pair> {
  const cert = await readPem('OMS_TLS_CERT', certFile);
  const key = await readPem('OMS_TLS_KEY', keyFile);
  const certificate = understood('OMS_TLS_CERT', certFile, 'is no certificate in PEM', () => new X509Certificate(cert));
  const privateKey = understood('OMS_TLS_KEY', keyFile, 'is no private key in PEM without a password', () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey))
    throw wrong('OMS_TLS_KEY', keyFile, `is not the key of the first certificate in ${certFile}`);
  const context = { cert, key, minVersion: 'TLSv1.2' as const };
  understood('OMS_TLS_CERT', certFile, 'cannot be used', () => createSecureContext(context));
  return { context, certificate };
}

/** Changes when a file, or what a link leads to, is another one. */
async function signature({ certFile, keyFile }: Files): Promise<string> {
  const states = await Promise.all([certFile, keyFile].map((path) => stat(path).catch(() => null)));
  return states
    .map((state) => (state ? `${state.dev} ${state.ino} ${state.size} ${state.mtimeMs}` : 'none'))
    .join(', ');
}

async function readPem(variable: string, path: string): Promise<string> {
  try {
    const state = await stat(path);
    if (!state.isFile() || state.size > limits.maxPemBytes)
      throw new Error(`no file of at most ${limits.maxPemBytes} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw wrong(variable, path, `cannot be read: ${(error as Error).message}`, error);
  }
}

function understood<Value>(variable: string, path: string, what: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw wrong(variable, path, what, error);
  }
}

const wrong = (variable: string, path: string, what: string, cause?: unknown): OmsError =>
  new OmsError('invalid_configuration', `${variable}="${path}" ${what}`, { cause });
