/** What a client accepts, by the headers `Accept` and `Accept-Encoding`. Source: RFC 9110, section 12.5, "Content Negotiation Fields". */
import type { Context } from 'hono';

/** Whether a header such as `Accept` names this very value, and not with the weight 0, which refuses it. */
export function accepts(header: string | undefined, value: string): boolean {
  return (header ?? '').split(',').some((part) => {
    const [name, ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
    return name === value && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** Java's `HttpURLConnection` names HTML and GIF in each request by default, although it is no browser. */
export function wantsHtml(c: Context): boolean {
  const accept = c.req.header('accept');
  return accepts(accept, 'text/html') && !accepts(accept, 'image/gif');
}
