/** What is on the disk. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files of a directory that have these bytes, whatever the case of ASCII letters. */
export async function filesWith(directory: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (bytes.toString('latin1').toLowerCase().includes(text.toLowerCase())) found.push(entry.name);
  }
  return found;
}
