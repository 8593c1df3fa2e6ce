import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { withoutCredentials } from '../../src/ports/inspection.ts';

const read = (environment: Record<string, string>) => readConfig(environment, tmpdir());

test('the audit log is kept for a year, another time, or for ever', () => {
  expect(read({}).keep.auditMs).toBe(365 * 24 * 60 * 60 * 1000);
  expect(read({ OMS_KEEP_AUDIT: '12h' }).keep.auditMs).toBe(12 * 60 * 60 * 1000);
  expect(read({ OMS_KEEP_AUDIT: 'forever' }).keep.auditMs).toBeNull();
  expect(() => read({ OMS_KEEP_AUDIT: '90' })).toThrow('OMS_KEEP_AUDIT="90" is neither a time such as 12h, 90d or 1y');
});

describe('the URL of a port', () => {
  test('chooses the embedded engine by default', () => {
    expect(read({})).toMatchObject({
      objectStore: { kind: 'directory' },
      jobQueue: { kind: 'sqlite' },
      orderStore: { kind: 'sqlite' },
      eventStream: { kind: 'outbox' },
      urls: { objects: 'file:', queue: 'sqlite:', store: 'sqlite:', events: 'outbox:', ims: 'reference:' },
    });
  });

  test('chooses S3', () => {
    expect(
      read({ OMS_OBJECT_STORE: 's3://my.orders?endpoint=http://localhost:4566&path_style=true' }).objectStore,
    ).toEqual({
      kind: 's3',
      bucket: 'my.orders',
      endpoint: 'http://localhost:4566',
      region: null,
      pathStyle: true,
    });
    expect(read({ OMS_OBJECT_STORE: 's3://orders?region=eu-central-1' }).objectStore).toMatchObject({
      endpoint: null,
      region: 'eu-central-1',
      pathStyle: false,
    });
  });

  test('chooses SQS', () => {
    expect(read({ OMS_JOB_QUEUE: 'sqs://oms_Jobs-1?endpoint=https://sqs.example' }).jobQueue).toEqual({
      kind: 'sqs',
      queue: 'oms_Jobs-1',
      endpoint: 'https://sqs.example',
      region: null,
    });
  });

  test('chooses MongoDB, by any of its connection strings', () => {
    for (const url of [
      'mongodb://localhost:27018/oms',
      'mongodb+srv://u:p@cluster.example/?w=1',
      'mongodb://a:1,b:2/x',
    ])
      expect(read({ OMS_ORDER_STORE: url }).orderStore).toEqual({ kind: 'mongodb', url });
  });

  test('chooses Kafka, with its brokers, topic, credentials and the settings of a topic that is to be created', () => {
    expect(read({ OMS_EVENT_STREAM: 'kafka://localhost:9092/order.created' }).eventStream).toEqual({
      kind: 'kafka',
      brokers: ['localhost:9092'],
      topic: 'order.created',
      changesTopic: 'order.changed',
      partitions: 6,
      replication: -1,
      tls: false,
      sasl: null,
      compression: 'zstd',
    });
    const url =
      'kafka://me:p%40ss%2F@a.example:9092,[::1]:9093/t?changes_topic=t-changes&partitions=12&replication=3&tls=true&sasl=scram-sha-512&compression=gzip';
    expect(read({ OMS_EVENT_STREAM: url })).toMatchObject({
      eventStream: {
        brokers: ['a.example:9092', '[::1]:9093'],
        topic: 't',
        changesTopic: 't-changes',
        partitions: 12,
        replication: 3,
        tls: true,
        sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'p@ss/' },
        compression: 'gzip',
      },
      urls: { events: url.replace('me:p%40ss%2F@', '') },
    });
  });

  test.each([
    ['OMS_OBJECT_STORE', 's3:/orders', 'like s3://bucket'],
    ['OMS_OBJECT_STORE', 's3://', 'like s3://bucket'],
    ['OMS_OBJECT_STORE', 's3://orders/folder', 'like s3://bucket'],
    ['OMS_OBJECT_STORE', 'minio://orders', 'neither "file:" nor like s3://'],
    ['OMS_OBJECT_STORE', 's3://orders?endpoint=localhost:4566', 'endpoint=localhost:4566, which is no http(s) URL'],
    ['OMS_OBJECT_STORE', 's3://orders?path_style=yes', 'path_style=yes, which is neither true nor false'],
    ['OMS_OBJECT_STORE', 's3://orders?pathstyle=true', 'the parameter pathstyle, known are'],
    ['OMS_JOB_QUEUE', 'redis://localhost', 'neither "sqlite:" nor like sqs://'],
    ['OMS_JOB_QUEUE', 'sqs://jobs?visibility=5', 'the parameter visibility, known are'],
    ['OMS_ORDER_STORE', 'postgres://localhost/oms', 'neither "sqlite:" nor like mongodb://'],
    ['OMS_ORDER_STORE', 'mongodb:///oms', 'neither "sqlite:" nor like mongodb://'],
    ['OMS_EVENT_STREAM', 'kafka://localhost/order.created', 'like kafka://localhost:9092/order.created'],
    ['OMS_EVENT_STREAM', 'kafka://localhost:9092', 'like kafka://localhost:9092/order.created'],
    ['OMS_EVENT_STREAM', 'kafka://localhost:9092/a b', 'like kafka://localhost:9092/order.created'],
    ['OMS_EVENT_STREAM', 'kafka://localhost:9092/t?partitions=0', 'partitions=0, which is no number'],
    [
      'OMS_EVENT_STREAM',
      'kafka://localhost:9092/t?compression=lz4',
      'compression=lz4, which is none of gzip, zstd, none',
    ],
    ['OMS_EVENT_STREAM', 'kafka://localhost:9092/t?changes_topic=a/b', 'changes_topic=a/b, which is no name'],
    ['OMS_EVENT_STREAM', 'kafka://localhost:9092/order.changed', 'it must be another one'],
    ['OMS_EVENT_STREAM', 'kafka://localhost:9092/t?sasl=gssapi', 'sasl=gssapi, which is none of plain'],
    ['OMS_EVENT_STREAM', 'kafka://localhost:9092/t?sasl=plain', 'without a user'],
  ])('%s=%s is refused with what is wrong', (variable, url, words) => {
    expect(() => read({ [variable]: url })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration', message: expect.stringContaining(words) }),
    );
    expect(() => read({ [variable]: url })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(variable) }),
    );
  });

  test.each(['10.0.0.0/33', '::1/129', '10.0.0.0/', '10.0.0.0/8/8', 'proxy.internal', '10.0.0', 'fe80::1%eth0', '*'])(
    'the proxy "%s" is refused',
    (item) => {
      expect(() => read({ OMS_TRUSTED_PROXIES: `127.0.0.1,${item}` })).toThrow(
        expect.objectContaining({ message: expect.stringMatching(/^OMS_TRUSTED_PROXIES=.*which is no address/) }),
      );
    },
  );

  test.each([
    ['http://ims.example:8081', 'http://ims.example:8081'],
    ['http://user:password@ims.example/stock?token=X#Y', 'http://ims.example/stock'],
    ['https://ims.example/?key=a@b', 'https://ims.example/'],
    ['http://user:pass?word@ims.example', 'http://…'],
    ['http://user:p@ss/word@ims.example/x', 'http://ims.example/x'],
    ['user:password@ims.example:8081', 'ims.example:8081'],
    ['mongodb://me:secret@a:1,b:2/oms?authSource=x&tlsCertificateKeyFilePassword=X', 'mongodb://a:1,b:2/oms'],
    ['mongodb+srv://me:s?e@h/oms', 'mongodb+srv://…'],
    [
      's3://orders?endpoint=http://k:s@h:4566/?X=1&path_style=true',
      's3://orders?endpoint=http://h:4566/&path_style=true',
    ],
    ['s3://orders?endpoint=http://localhost:4566&secret=X', 's3://orders?endpoint=http://localhost:4566'],
    ['sqs://jobs?endpoint=http%3A%2F%2Fk%3As%40h%3A1&region=eu', 'sqs://jobs?endpoint=http://h:1&region=eu'],
    ['kafka://me:secret@a:1,b:2/t?password=X&tls=true', 'kafka://a:1,b:2/t?tls=true'],
    ['mongo://me:secret@h/x?password=X', 'mongo://h/x'],
    ['sqlite:', 'sqlite:'],
    ['reference:/etc/catalog.csv', 'reference:/etc/catalog.csv'],
  ])('%s is shown as %s', (url, shown) => {
    expect(withoutCredentials(url)).toBe(shown);
  });

  test('is reported without its password when it is wrong', () => {
    const wrong = () =>
      read({ OMS_EVENT_STREAM: 'kafka://me:secret@localhost/x', OMS_ORDER_STORE: 'mongo://me:secret@h/x' });
    expect(wrong).toThrow(expect.objectContaining({ message: expect.not.stringContaining('secret') }));
  });
});

describe('an issuer', () => {
  const OIDC = {
    ...{ OMS_OIDC_ISSUER: 'https://id.example.com/realms/shop', OMS_OIDC_AUDIENCE: 'orders' },
    OMS_OIDC_ROLES: ' CN=admins = admin , staff=operator',
  };

  test('says who somebody is, and the configuration what they may do', () => {
    expect(read({}).access.oidc).toBeNull();
    expect(read(OIDC).access.oidc).toEqual({
      ...{ issuer: OIDC.OMS_OIDC_ISSUER, audience: 'orders', client: null, roleClaim: 'roles' },
      roles: new Map([
        ['CN=admins', 'admin'],
        ['staff', 'operator'],
      ]),
    });
    const client = {
      OMS_OIDC_CLIENT_ID: 'oms',
      OMS_OIDC_CLIENT_SECRET_FILE: '/secret',
      OMS_OIDC_SCOPES: 'openid groups',
    };
    expect(read({ ...OIDC, ...client }).access.oidc!.client).toEqual({
      ...{ id: 'oms', secretFile: '/secret', scopes: 'openid groups' },
    });
    expect(read({ ...OIDC, OMS_OIDC_ISSUER: 'http://127.0.0.1:9000' }).access.oidc).toHaveProperty('issuer');
  });

  test.each([
    [{ OMS_OIDC_ISSUER: 'http://id.example.com' }, 'OMS_OIDC_ISSUER', 'is not the https URL'],
    [{ OMS_OIDC_ISSUER: 'id.example.com' }, 'OMS_OIDC_ISSUER', 'is not the https URL'],
    [{ OMS_OIDC_ISSUER: 'https://me:secret@id.example.com' }, 'OMS_OIDC_ISSUER', 'is not the https URL'],
    [{ OMS_OIDC_ISSUER: 'https://id.example.com/?x=1' }, 'OMS_OIDC_ISSUER', 'is not the https URL'],
    [{ OMS_OIDC_ROLES: '' }, 'OMS_OIDC_ISSUER', 'needs OMS_OIDC_ROLES'],
    [{ OMS_OIDC_ROLES: 'staff=root' }, 'OMS_OIDC_ROLES', 'has "staff=root"'],
    [{ OMS_OIDC_ROLES: 'staff=viewer,staff=admin' }, 'OMS_OIDC_ROLES', 'has "staff=admin"'],
    [{ OMS_OIDC_ROLES: '=admin' }, 'OMS_OIDC_ROLES', 'has "=admin"'],
    [{ OMS_OIDC_AUDIENCE: '' }, 'OMS_OIDC_ISSUER', 'needs OMS_OIDC_AUDIENCE, OMS_OIDC_CLIENT_ID or both'],
    [{ OMS_OIDC_ISSUER: '' }, 'OMS_OIDC_AUDIENCE', 'needs OMS_OIDC_ISSUER'],
    [{ OMS_OIDC_CLIENT_SECRET_FILE: '/secret' }, 'OMS_OIDC_CLIENT_SECRET_FILE', 'needs OMS_OIDC_CLIENT_ID'],
    [{ OMS_OIDC_CLIENT_ID: 'oms', OMS_OIDC_SCOPES: 'email' }, 'OMS_OIDC_SCOPES', 'lacks "openid"'],
  ])('%o is refused with what is wrong', (change, variable, words) => {
    expect(() => read({ ...OIDC, ...change } as Record<string, string>)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(new RegExp(`^${variable}=.*${words}`, 'm')) }),
    );
    expect(() => read({ ...OIDC, ...change } as Record<string, string>)).not.toThrow('secret@');
  });
});
