/**
 * How commands reach a running service, and as whom: over its address with a key, or, on the machine of a service whose data directory
 * this user may read, over the owner's socket, which needs none.
 */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { type Holder, readHolder } from '../adapters/data-directory.ts';
import type { Config } from '../config.ts';
import { OmsError } from '../errors.ts';
import { ServiceClient } from './service-client.ts';

const TEXT = { type: 'string' } as const;
/** The options of all commands that talk to a service, for `parseArgs`. */
export const CLIENT_OPTIONS = { url: TEXT, key: TEXT, 'key-file': TEXT } as const;
export type ClientOption = keyof typeof CLIENT_OPTIONS;
export type ClientOptions = Partial<Record<ClientOption, string | undefined>>;

/** `connections`: requests at the same time; further ones wait. Throws `invalid_option`, `key_file_unusable`. */
export function connect(given: ClientOptions, config: Config, connections: number): ServiceClient {
  const key = keyOf(given, config);
  const socketPath = given.url === undefined && key === null ? ownersSocket(config.dataDirectory) : null;
  return new ServiceClient({ url: serviceUrl(given.url, config), key, socketPath }, connections);
}

/** Whether the command was told which service to ask, or as whom. */
export const isTold = (given: ClientOptions, config: Config): boolean =>
  given.url !== undefined || keyOf(given, config) !== null;

function keyOf(given: ClientOptions, { client }: Pick<Config, 'client'>): string | null {
  if (given.key !== undefined) return given.key.trim();
  if (given['key-file'] !== undefined) return readKeyFile('--key-file', given['key-file']);
  if (client.key !== null) return client.key;
  return client.keyFile === null ? null : readKeyFile('OMS_KEY_FILE', client.keyFile);
}

function readKeyFile(option: string, path: string): string {
  try {
    const { mode } = statSync(path);
    if (mode & 0o077) throw new Error(`others may read it: chmod 600 ${path}`);
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new OmsError('key_file_unusable', `${option}: ${path} cannot be used: ${(error as Error).message}`);
  }
}

/** The address given, else what the process that holds the data directory announced, else that of the settings. Throws `invalid_option`. */
export function serviceUrl(given: string | undefined, config: Config): string {
  if (given !== undefined) {
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
      throw new OmsError('invalid_option', `--url "${given}" is not an address such as http://127.0.0.1:8080`);
    return given;
  }
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return reachable(
    runningHolder(config.dataDirectory)?.url ?? `${config.tls ? 'https' : 'http'}://${host}:${config.port}`,
  );
}

/** Null when there is none, or another user's. */
function ownersSocket(dataDirectory: string): string | null {
  const path = runningHolder(dataDirectory)?.socket ?? null;
  if (path === null) return null;
  try {
    accessSync(path, constants.W_OK);
    return path;
  } catch {
    return null;
  }
}

/** A process that was killed leaves its announcement behind. */
function runningHolder(dataDirectory: string): Holder | null {
  const holder = readHolder(dataDirectory);
  if (!holder?.url) return null;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return null;
  }
  return holder;
}

/** Who listens on all addresses is reached on the one of this machine. */
const reachable = (url: string): string => url.replace('//0.0.0.0:', '//127.0.0.1:').replace(/\/\/\[::\]:/, '//[::1]:');
