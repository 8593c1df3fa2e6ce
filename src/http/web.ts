/**
 * The page for browsers. It shares most addresses with the API: a browser that navigates asks for HTML in `Accept`, any other client
 * gets the API.
 */
import { extname } from 'node:path';
import type { Context, MiddlewareHandler, Next } from 'hono';
import { wantsHtml } from './accept.ts';
import { basePath } from './base-path.ts';
import { respondWithFile, WebBuild } from './web-build.ts';

/** The addresses that only the page has. To the last one an issuer sends a browser back. */
const ONLY_PAGES = /^\/(?:live|new-order|columns|docs|auth\/oidc\/callback)?$/;
/** The addresses that the page shares with the API. */
const PAGES = /^\/(?:files(?:\/[^/]+)?|formats(?:\/[^/]+)?|orders(?:\/[^/]+)?|inventory|stats|keys|audit)$/;
const ASSETS = '/assets/';

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

export class WebPage {
  readonly #build: WebBuild;

  /** `directory` ends with a slash. */
  constructor(directory = new URL('../../dist/web/', import.meta.url)) {
    this.#build = new WebBuild(directory);
  }

  /** Stands before the routes of the API. */
  readonly serve: MiddlewareHandler = (c, next) => {
    const { method } = c.req;
    return (method === 'GET' || method === 'HEAD') && basePath(c) === '' ? this.#serve(c, next) : next();
  };

  async #serve(c: Context, next: Next): Promise<Response | undefined> {
    const { path } = c.req;
    if (ONLY_PAGES.test(path)) return this.#page(c, 200);
    if (PAGES.test(path) && wantsHtml(c)) return this.#page(c, 200);
    const asset = path.startsWith(ASSETS) ? await this.#asset(c) : null;
    if (asset) return asset;
    await next();
    if (PAGES.test(path)) c.header('vary', 'Accept', { append: true });
  }

  /** For an unknown address: the page, which says that it is unknown, or null for a client that does not accept HTML. */
  notFound(c: Context): Promise<Response> | null {
    return c.req.method === 'GET' && basePath(c) === '' && wantsHtml(c) ? this.#page(c, 404) : null;
  }

  /** Whether only the page has this path. */
  async has(path: string): Promise<boolean> {
    return ONLY_PAGES.test(path) || (path.startsWith(ASSETS) && (await this.#build.find(path)) !== undefined);
  }

  async #asset(c: Context): Promise<Response | null> {
    const { path } = c.req;
    const file = await this.#build.find(path);
    if (!file) return null;
    return respondWithFile(c, file, {
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
    });
  }

  async #page(c: Context, status: 200 | 404): Promise<Response> {
    const file = await this.#build.find(c.req.path === '/docs' ? '/docs.html' : '/index.html');
    const headers = { ...PAGE_HEADERS, vary: 'Accept' };
    return file ? respondWithFile(c, file, headers, status) : new Response(NOT_BUILT, { status: 404, headers });
  }
}
