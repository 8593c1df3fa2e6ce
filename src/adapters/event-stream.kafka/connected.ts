/** A client that connects at its first use, once for all callers, and again after it has failed. */
export class Connected<Client extends { connect(): Promise<void>; disconnect(): Promise<void> }> {
  readonly #make: () => Client;
  #client: Promise<Client> | null = null;

  constructor(make: () => Client) {
    this.#make = make;
  }

  get(): Promise<Client> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  async drop(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    const connected = await client?.catch(() => null);
    await connected?.disconnect();
  }

  async #connect(): Promise<Client> {
    const client = this.#make();
    try {
      await client.connect();
      return client;
    } catch (error) {
      this.#client = null;
      await client.disconnect();
      throw error;
    }
  }
}
