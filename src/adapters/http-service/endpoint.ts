/** Where a service is that is asked by HTTP, and what each request to it carries. */

export interface Endpoint {
  url: URL;
  headers: Record<string, string>;
  /** The address as it may be shown: without user, password and query. */
  shown: string;
}

/** `path`: behind that of the address. */
export function endpointOf(address: string, path: string): Endpoint {
  const url = new URL(address);
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' };
  if (url.username !== '' || url.password !== '') {
    // fetch refuses addresses with credentials in them.
    const credentials = `${unescaped(url.username)}:${unescaped(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  if (path !== '') url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  return { url, headers, shown: `${url.origin}${url.pathname}` };
}

/** Also of a password with a % that stands for itself. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
