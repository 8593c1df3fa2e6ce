/**
 * The page for browsers, built by `npm run build:web`. It shares most addresses with the API: a browser that navigates asks for HTML in
 * `Accept`, any other client gets the API. The build is read whole and once, at the first request: only files read then are served, so
 * no path of a request ever reaches the file system.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context, MiddlewareHandler } from 'hono';
import { namesTag } from './conditional.ts';

/** The addresses that are the page's alone. */
const ONLY_PAGES = /^\/(?:live|docs)?$/;
/** The addresses that are the page's as well as the API's. */
const PAGES = /^\/(?:files(?:\/[^/]+)?|orders(?:\/[^/]+)?|inventory|stats)$/;

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Everything comes from this server; nothing may be inline, and no site may frame the page. */
const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-cache',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>OMS</title></head>
<body><h1>The page is not built</h1>
<p>The service runs, its API answers. Build the page with <code>npm run build:web</code>, then load this again.</p></body></html>
`;

interface BuiltFile {
  bytes: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer> | null;
  etag: string;
}

/** `directory` ends with a slash. */
export function webPage(directory = new URL('../../dist/web/', import.meta.url)) {
  let reading: Promise<Map<string, BuiltFile> | null> | null = null;
  const build = async () => {
    reading ??= readBuild(directory);
    const files = await reading;
    // It may be built while the service runs.
    if (!files) reading = null;
    return files;
  };
  const page = async (c: Context, status: 200 | 404): Promise<Response> => {
    const index = (await build())?.get(c.req.path === '/docs' ? '/docs.html' : '/index.html');
    const headers = { ...PAGE_HEADERS, vary: 'Accept' };
    return index ? answer(c, index, headers, status) : new Response(NOT_BUILT, { status: 404, headers });
  };

  /** Goes before the routes of the API. */
  const serve: MiddlewareHandler = async (c, next) => {
    const { method, path } = c.req;
    if (method !== 'GET' && method !== 'HEAD') return next();
    if (path.startsWith('/assets/')) {
      const file = (await build())?.get(path);
      if (!file) return next();
      return answer(c, file, {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        'cache-control': 'public, max-age=31536000, immutable',
      });
    }
    if (ONLY_PAGES.test(path)) return page(c, 200);
    if (!PAGES.test(path)) return next();
    if (wantsHtml(c)) return page(c, 200);
    await next();
    c.header('vary', 'Accept', { append: true });
  };

  /** For an unknown address: the page, which says so, or null for a client that does not accept HTML. */
  const nothingHere = (c: Context): Promise<Response> | null =>
    c.req.method === 'GET' && wantsHtml(c) ? page(c, 404) : null;

  /** Whether the path is the page's alone. */
  const has = async (path: string): Promise<boolean> =>
    ONLY_PAGES.test(path) || (path.startsWith('/assets/') && (await build())?.has(path) === true);

  return { serve, nothingHere, has };
}

async function readBuild(directory: URL): Promise<Map<string, BuiltFile> | null> {
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

function answer(c: Context, file: BuiltFile, headers: Record<string, string>, status = 200): Response {
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

/** `HttpURLConnection` of Java, which is no browser, names HTML and GIF in each request by default. */
const wantsHtml = (c: Context): boolean => {
  const accept = c.req.header('accept');
  return accepts(accept, 'text/html') && !accepts(accept, 'image/gif');
};

/** Whether a header such as `Accept` names the value itself, other than to refuse it. */
function accepts(header: string | undefined, value: string): boolean {
  return (header ?? '').split(',').some((part) => {
    const [name, ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
    return name === value && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
