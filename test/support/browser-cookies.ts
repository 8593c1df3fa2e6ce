/** What a browser does between a service and an issuer, as far as a test needs it: it keeps cookies by host, and follows redirects. */
export class BrowserCookies {
  readonly #cookies = new Map<string, Map<string, string>>();

  of(url: string): Map<string, string> {
    const { host } = new URL(url);
    const cookies = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, cookies);
    return cookies;
  }

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const cookies = this.of(url);
    if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(cookie)) cookies.delete(name!);
      else cookies.set(name!, value!);
    }
    return response;
  }

  /** Follows redirects until one leads to an address that begins so, and returns it. */
  async followTo(start: string, url: string): Promise<string> {
    for (let at = url, hops = 0; hops < 10; hops++) {
      if (at.startsWith(start)) return at;
      const response = await this.fetch(at);
      const location = response.headers.get('location');
      if (location === null) throw new Error(`${at} answered ${response.status}: ${await response.text()}`);
      at = new URL(location, at).href;
    }
    throw new Error(`too many redirects from ${url}`);
  }
}
