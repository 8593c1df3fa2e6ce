/**
 * The configuration: environment variables, and a `.env` file for those the environment does not set. Checked once at start;
 * a wrong value stops the start with a line that names the variable. The only reader of `process.env`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import * as z from 'zod';
import { OmsError } from './errors.ts';

const GiB = 1024 ** 3;

const port = (byDefault: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'is not a port number')
    .transform(Number)
    .refine((value) => value <= 65_535, 'is not a port number')
    .default(byDefault);

const embedded = (url: string) => z.literal(url, { error: `is not "${url}", the engine of this release` }).default(url);

const schema = z.object({
  OMS_PORT: port(8080),
  OMS_HOST: z.string().min(1, 'is empty').default('127.0.0.1'),
  OMS_ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((names) =>
      names
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    ),
  OMS_DATA_DIR: z
    .string()
    .min(1, 'is empty')
    .default('./data')
    .transform((path) => resolve(path)),
  OMS_OBJECT_STORE: embedded('file:'),
  OMS_JOB_QUEUE: embedded('sqlite:'),
  OMS_ORDER_STORE: embedded('sqlite:'),
  OMS_EVENT_STREAM: embedded('outbox:'),
  OMS_IMS: z
    .string()
    .refine(
      (value) => value.startsWith('reference:') || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)),
      'is neither "reference:", "reference:<catalog file>" nor an http(s) URL',
    )
    .default('reference:'),
  OMS_IMS_PORT: port(8081),
  OMS_MAX_UPLOAD_BYTES: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'is not a number of bytes')
    .transform(Number)
    .default(5 * GiB),
  OMS_STOCK: z.enum(['tracked', 'untracked'], { error: 'is neither "tracked" nor "untracked"' }).default('tracked'),
  OMS_TIME_ZONE: z.string().refine(isTimeZone, 'is not an IANA time zone such as Europe/Berlin').default('UTC'),
  OMS_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'is not a level of pino, such as info',
    })
    .default('info'),
});

/** The names of all variables. */
export const SETTINGS: readonly string[] = Object.keys(schema.shape);

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly dataDirectory: string;
  readonly ims: { kind: 'reference'; port: number; catalogFile: string | null } | { kind: 'http'; baseUrl: string };
  readonly maxUploadBytes: number;
  readonly trackStock: boolean;
  readonly timeZone: string;
  readonly logLevel: string;
}

/** Throws `invalid_configuration` with a line for each wrong variable. */
export function readConfig(
  environment: Record<string, string | undefined> = process.env,
  directory = process.cwd(),
): Config {
  const file = resolve(directory, '.env');
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const given = Object.fromEntries(
    Object.entries({ ...fromFile, ...environment }).filter(([name, value]) => name in schema.shape && value !== ''),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success)
    throw new OmsError(
      'invalid_configuration',
      parsed.error.issues
        .map(({ path, message }) => `${String(path[0])}="${given[String(path[0])]}" ${message}`)
        .join('\n'),
    );
  const values = parsed.data;
  return Object.freeze({
    port: values.OMS_PORT,
    host: values.OMS_HOST,
    allowedHosts: values.OMS_ALLOWED_HOSTS,
    dataDirectory: values.OMS_DATA_DIR,
    ims: toIms(values.OMS_IMS, values.OMS_IMS_PORT),
    maxUploadBytes: values.OMS_MAX_UPLOAD_BYTES,
    trackStock: values.OMS_STOCK === 'tracked',
    timeZone: values.OMS_TIME_ZONE,
    logLevel: values.OMS_LOG_LEVEL,
  });
}

function toIms(value: string, imsPort: number): Config['ims'] {
  if (!value.startsWith('reference:')) return { kind: 'http', baseUrl: value };
  const catalogFile = value.slice('reference:'.length);
  return { kind: 'reference', port: imsPort, catalogFile: catalogFile === '' ? null : resolve(catalogFile) };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
