/** The objects in a service's object store, of either kind, read without the service. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { engineSettings, type Service } from './service.ts';

/** Names of the objects in a folder; of those that are being written in `staging`, where the engine has such a place. */
export async function storedObjects(
  { dataDirectory }: Pick<Service, 'dataDirectory'>,
  folder: 'staging' | 'uploads' | 'reports',
): Promise<string[]> {
  const { OMS_OBJECT_STORE: url } = await engineSettings(dataDirectory);
  if (!url) return namesIn(join(dataDirectory, 'objects', folder));
  const { createS3ObjectStore } = await import('../../src/adapters/object-store.s3.ts');
  const { s3Options } = await import('./adapters/aws.ts');
  const { host: bucket, searchParams } = new URL(url);
  const store = createS3ObjectStore(s3Options(searchParams.get('endpoint')!, bucket));
  const names: string[] = [];
  for await (const { key } of store.list(`${folder}/`)) names.push(key.slice(folder.length + 1));
  store.close();
  return names;
}

const namesIn = (directory: string): Promise<string[]> =>
  readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
