/**
 * The configuration: environment variables, and a `.env` file for those that the environment does not set. It is checked once at the
 * start, which a wrong value stops with a line that names the variable. Nothing else reads `process.env`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import * as z from 'zod';
import {
  type EventStreamConfig,
  type JobQueueConfig,
  type ObjectStoreConfig,
  type OrderStoreConfig,
  toEventStream,
  toJobQueue,
  toObjectStore,
  toOrderStore,
} from './engine-urls.ts';
import { OmsError } from './errors.ts';
import { limits } from './limits.ts';
import { type KeepingTimes, parseDuration } from './model/duration.ts';
import { isLoopback } from './model/loopback.ts';
import { isTimeZone } from './model/time-zone.ts';
import type { Workflow } from './model/workflow.ts';
import { checkOidc, OIDC_VARIABLES, type OidcSettings, toOidc } from './oidc-settings.ts';
import type { From } from './ports/event-group.ts';
import { withoutCredentials } from './ports/inspection.ts';
import { readWorkflow } from './read-workflow.ts';

const GiB = 1024 ** 3;

const port = (byDefault: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'is not a port number')
    .transform(Number)
    .refine((value) => value <= 65_535, 'is not a port number')
    .default(byDefault);

/** The variable of one port: its URL chooses the engine. `parse` throws an Error that says what is wrong. */
const engine = <Config>(byDefault: string, parse: (url: string) => Config) =>
  z
    .string()
    .default(byDefault)
    .transform((url, context) => {
      try {
        return parse(url);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    });

const path = z
  .string()
  .transform((value) => resolve(value))
  .optional();

/** `192.0.2.1,10.0.0.0/8,2001:db8::/32`: an address is a range of one. */
const addressRanges = z
  .string()
  .default('')
  .transform((list, context) =>
    list
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map((item) => {
        const [, address = '', length] = /^([\d.]+|[\da-f:.]+)(?:\/(\d{1,3}))?$/i.exec(item) ?? [];
        const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!;
        const prefix = Number(length ?? bits);
        if (prefix > bits || bits === -1)
          context.addIssue({
            code: 'custom',
            message: `has "${item}", which is no address and no range as 10.0.0.0/8`,
          });
        return { address, prefix, family: bits === 32 ? ('ipv4' as const) : ('ipv6' as const) };
      }),
  );

/** For how long something is kept, such as `90d`; null: for ever. */
const keptFor = (byDefault: string) =>
  z
    .string()
    .default(byDefault)
    .transform((value, context) => {
      const ms = parseDuration(value);
      if (ms !== undefined) return ms;
      context.addIssue({ code: 'custom', message: 'is neither a time such as 12h, 90d or 1y nor "forever"' });
      return z.NEVER;
    });

const rateLimit = z
  .string()
  .regex(/^(off|[1-9]\d{0,5})$/, 'is neither "off" nor a number of requests a second')
  .transform((value) => (value === 'off' ? null : Number(value)))
  .default(limits.requestsPerSecond);

const workflow = z
  .string()
  .default('default')
  .transform((value, context) => {
    const read = readWorkflow(value);
    if ('workflow' in read) return read.workflow;
    for (const message of read.faults) context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

const finalizer = z
  .string()
  .default('off')
  .transform((value, context): { kind: 'off' } | { kind: 'confirm' } | { kind: 'http'; url: string } => {
    if (value === 'off' || value === 'confirm') return { kind: value };
    if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return { kind: 'http', url: value };
    context.addIssue({ code: 'custom', message: 'is neither "off", "confirm" nor an http(s) URL' });
    return z.NEVER;
  });

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
  OMS_RATE_LIMIT: rateLimit,
  OMS_TRUSTED_PROXIES: addressRanges,
  OMS_AUTH: z.enum(['auto', 'required', 'off'], { error: 'is neither "auto", "required" nor "off"' }).default('auto'),
  OMS_TLS_CERT: path,
  OMS_TLS_KEY: path,
  OMS_ADMIN_KEY_FILE: path,
  ...OIDC_VARIABLES,
  OMS_OIDC_CLIENT_SECRET_FILE: path,
  OMS_KEY: z.string().trim().optional(),
  OMS_KEY_FILE: path,
  OMS_DATA_DIR: z
    .string()
    .min(1, 'is empty')
    .default('./data')
    .transform((path) => resolve(path)),
  OMS_OBJECT_STORE: engine('file:', toObjectStore),
  OMS_JOB_QUEUE: engine('sqlite:', toJobQueue),
  OMS_ORDER_STORE: engine('sqlite:', toOrderStore),
  OMS_EVENT_STREAM: engine('outbox:', toEventStream),
  OMS_IMS: z
    .string()
    .refine(
      (value) => value.startsWith('reference:') || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)),
      'is neither "reference:", "reference:<catalog file>" nor an http(s) URL',
    )
    .default('reference:'),
  OMS_IMS_PORT: port(8081),
  OMS_HEALTH_PORT: port(0),
  OMS_MAX_UPLOAD_BYTES: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'is not a number of bytes')
    .transform(Number)
    .default(5 * GiB),
  OMS_STOCK: z.enum(['tracked', 'untracked'], { error: 'is neither "tracked" nor "untracked"' }).default('tracked'),
  OMS_WORKFLOW: workflow,
  OMS_FINALIZER: finalizer,
  OMS_FINALIZER_FROM: z
    .enum(['newest', 'beginning'], { error: 'is neither "newest" nor "beginning"' })
    .default('newest'),
  OMS_TIME_ZONE: z.string().refine(isTimeZone, 'is not an IANA time zone such as Europe/Berlin').default('UTC'),
  OMS_KEEP_UPLOADS: keptFor('forever'),
  OMS_KEEP_REPORTS: keptFor('forever'),
  OMS_KEEP_ORDERS: keptFor('forever'),
  OMS_KEEP_AUDIT: keptFor('1y'),
  OMS_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'is not a level of pino, such as info',
    })
    .default('info'),
});

const checked = schema.superRefine((values, context) => {
  const { OMS_FINALIZER, OMS_WORKFLOW, OMS_TLS_CERT, OMS_TLS_KEY } = values;
  checkOidc(values, context);
  if ((OMS_TLS_CERT === undefined) !== (OMS_TLS_KEY === undefined)) {
    const [set, other] = OMS_TLS_CERT === undefined ? ['OMS_TLS_KEY', 'OMS_TLS_CERT'] : ['OMS_TLS_CERT', 'OMS_TLS_KEY'];
    context.addIssue({ code: 'custom', path: [set], message: `needs ${other} beside it: TLS takes both, or neither` });
  }
  if (OMS_FINALIZER.kind === 'off' || OMS_WORKFLOW.finalize !== null) return;
  const message = 'needs to know where to move orders: name "finalize" in the workflow, or set OMS_FINALIZER=off';
  context.addIssue({ code: 'custom', path: ['OMS_FINALIZER'], message });
});

/** The names of all variables. */
export const SETTINGS: readonly string[] = Object.keys(schema.shape);

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Requests per second of a principal, where access is required; null: no limit. */
  readonly rateLimit: number | null;
  /** Whose `X-Forwarded-For` and `X-Forwarded-Proto` count. */
  readonly trustedProxies: readonly { address: string; prefix: number; family: 'ipv4' | 'ipv6' }[];
  readonly access: {
    /** Whether each request needs a key or somebody who signed in. */
    readonly required: boolean;
    /** It is not, though other machines reach the service. */
    readonly openToOthers: boolean;
    /** Of the secret of a first admin. */
    readonly adminKeyFile: string | null;
    /** Who else says who somebody is; null: nobody else. */
    readonly oidc: OidcSettings | null;
  };
  /** PEM files; null: no TLS. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  /** Of commands that talk to a service: their key, or a file that has it. */
  readonly client: { readonly key: string | null; readonly keyFile: string | null };
  readonly healthPort: number;
  readonly dataDirectory: string;
  /** By port: the URLs as they were set, without credentials. */
  readonly urls: Readonly<Record<'objects' | 'queue' | 'store' | 'events' | 'ims', string>>;
  readonly objectStore: ObjectStoreConfig;
  readonly jobQueue: JobQueueConfig;
  readonly orderStore: OrderStoreConfig;
  readonly eventStream: EventStreamConfig;
  /** `port` is that of the reference IMS, also for `oms ims`, which runs it alone. */
  readonly ims: { port: number } & (
    | { kind: 'reference'; catalogFile: string | null }
    | { kind: 'http'; baseUrl: string }
  );
  readonly maxUploadBytes: number;
  readonly trackStock: boolean;
  readonly workflow: Workflow;
  readonly finalizer: { from: From } & ({ kind: 'off' } | { kind: 'confirm' } | { kind: 'http'; url: string });
  readonly timeZone: string;
  readonly keep: KeepingTimes;
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
  const parsed = checked.safeParse(given);
  if (!parsed.success)
    throw new OmsError(
      'invalid_configuration',
      parsed.error.issues
        .map(({ path, message }) => `${String(path[0])}="${withoutCredentials(given[String(path[0])]!)}" ${message}`)
        .join('\n'),
    );
  const values = parsed.data;
  return Object.freeze({
    port: values.OMS_PORT,
    host: values.OMS_HOST,
    allowedHosts: values.OMS_ALLOWED_HOSTS,
    rateLimit: values.OMS_RATE_LIMIT,
    trustedProxies: values.OMS_TRUSTED_PROXIES,
    access: toAccess(values),
    tls: values.OMS_TLS_CERT ? { certFile: values.OMS_TLS_CERT, keyFile: values.OMS_TLS_KEY! } : null,
    client: { key: values.OMS_KEY ?? null, keyFile: values.OMS_KEY_FILE ?? null },
    healthPort: values.OMS_HEALTH_PORT,
    dataDirectory: values.OMS_DATA_DIR,
    urls: {
      objects: withoutCredentials(given.OMS_OBJECT_STORE ?? 'file:'),
      queue: withoutCredentials(given.OMS_JOB_QUEUE ?? 'sqlite:'),
      store: withoutCredentials(given.OMS_ORDER_STORE ?? 'sqlite:'),
      events: withoutCredentials(given.OMS_EVENT_STREAM ?? 'outbox:'),
      ims: withoutCredentials(values.OMS_IMS),
    },
    objectStore: values.OMS_OBJECT_STORE,
    jobQueue: values.OMS_JOB_QUEUE,
    orderStore: values.OMS_ORDER_STORE,
    eventStream: values.OMS_EVENT_STREAM,
    ims: toIms(values.OMS_IMS, values.OMS_IMS_PORT),
    maxUploadBytes: values.OMS_MAX_UPLOAD_BYTES,
    trackStock: values.OMS_STOCK === 'tracked',
    workflow: values.OMS_WORKFLOW,
    finalizer: { ...values.OMS_FINALIZER, from: values.OMS_FINALIZER_FROM },
    timeZone: values.OMS_TIME_ZONE,
    keep: {
      uploadsMs: values.OMS_KEEP_UPLOADS,
      reportsMs: values.OMS_KEEP_REPORTS,
      ordersMs: values.OMS_KEEP_ORDERS,
      auditMs: values.OMS_KEEP_AUDIT,
    },
    logLevel: values.OMS_LOG_LEVEL,
  });
}

/** On one's own machine nothing gets in the way; elsewhere nothing is open by accident. */
function toAccess(values: z.infer<typeof schema>): Config['access'] {
  const { OMS_AUTH, OMS_HOST, OMS_ALLOWED_HOSTS, OMS_ADMIN_KEY_FILE } = values;
  const isOwnMachine = isLoopback(OMS_HOST) && OMS_ALLOWED_HOSTS.length === 0;
  const required = OMS_AUTH === 'auto' ? !isOwnMachine : OMS_AUTH === 'required';
  return {
    required,
    openToOthers: !required && !isOwnMachine,
    adminKeyFile: OMS_ADMIN_KEY_FILE ?? null,
    oidc: toOidc(values),
  };
}

function toIms(value: string, port: number): Config['ims'] {
  if (!value.startsWith('reference:')) return { kind: 'http', port, baseUrl: value };
  const catalogFile = value.slice('reference:'.length);
  return { kind: 'reference', port, catalogFile: catalogFile === '' ? null : resolve(catalogFile) };
}
