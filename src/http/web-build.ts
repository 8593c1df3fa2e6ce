/**
 * The build of the page, `npm run build:web`. It is read as a whole at the first request for it, and only the files read then are served:
 * no path of a request ever reaches the file system.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'hono';
import { accepts } from './accept.ts';
import { namesTag } from './conditional.ts';

export interface BuiltFile {
  bytes: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer> | null;
  etag: string;
}
type BuiltFiles = ReadonlyMap<string, BuiltFile>;

export class WebBuild {
  /** Ends with a slash. */
  readonly #directory: URL;
  #files: Promise<BuiltFiles | null> | null = null;

  constructor(directory: URL) {
    this.#directory = directory;
  }

  /** The file with this path, such as `/index.html`. */
  async find(path: string): Promise<BuiltFile | undefined> {
    this.#files ??= readBuild(this.#directory);
    const files = await this.#files;
    // Read again at the next request: the page may be built while the service runs.
    if (!files) this.#files = null;
    return files?.get(path);
  }
}

/** Null when there is no build. */
async function readBuild(directory: URL): Promise<BuiltFiles | null> {
  const root = fileURLToPath(directory);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  if (!names.includes('index.html')) return null;
  const read = async (name: string) => new Uint8Array(await readFile(join(root, name)));
  const present = new Set(names);
  const files = names
    .filter((name) => !name.endsWith('.gz'))
    .map(async (name) => {
      const bytes = await read(name);
      const gzip = present.has(`${name}.gz`) ? await read(`${name}.gz`) : null;
      const etag = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
      return [`/${name}`, { bytes, gzip, etag }] as const;
    });
  return new Map(await Promise.all(files));
}

/** Responds with a file, gzipped when the client accepts it, or with 304 when the client has it. */
export function respondWithFile(c: Context, file: BuiltFile, headers: Record<string, string>, status = 200): Response {
  const gzipped = file.gzip !== null && accepts(c.req.header('accept-encoding'), 'gzip');
  const etag = gzipped ? `"${file.etag}-gzip"` : `"${file.etag}"`;
  const all = new Headers({ ...headers, etag });
  if (file.gzip) all.append('vary', 'Accept-Encoding');
  if (status === 200 && namesTag(c.req.header('if-none-match'), etag))
    return new Response(null, { status: 304, headers: all });
  if (gzipped) all.set('content-encoding', 'gzip');
  const bytes = gzipped ? file.gzip! : file.bytes;
  all.set('content-length', String(bytes.length));
  return new Response(bytes, { status, headers: all });
}
