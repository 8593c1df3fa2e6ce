/** The name of this store, which its first client creates. */
import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';
import { isDuplicateKey } from './errors.ts';

export async function installationName({ installation }: Database): Promise<string> {
  const _id = 'installation';
  const known = await installation.findOne({ _id });
  if (known) return known.name;
  try {
    await installation.insertOne({ _id, name: randomUUID().replaceAll('-', '') });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  return (await installation.findOne({ _id }))!.name;
}
