/** What an engine reports about itself: for `oms doctor`, `/readyz` and the start. */
export interface Inspection {
  /** The engine's name and, where it reports one, its version: `MongoDB 8.0.4`. */
  engine: string;
  /** Its address, without credentials. */
  address: string;
  /** The same as a path of this machine: for the terminal, never for an HTTP response. */
  path?: string | null;
  /** What the service needs and the engine lacks. */
  missing: Missing[];
}

export interface Missing {
  /** `the bucket "orders" does not exist`. */
  what: string;
  /** What to do about it: a command, where there is one. */
  cure: string;
  /** Whether the service cannot work without it; otherwise it works with the loss that `what` describes. */
  required: boolean;
}

export interface Inspected {
  /**
   * Asks the engine. Rejects with a retryable OmsError when it does not respond, and with a final one when it refuses access; the message
   * says what to do.
   */
  inspect(): Promise<Inspection>;
}

/** Parameters of an engine's address that may be shown: none is a secret. */
const SHOWN_PARAMETERS = /^(endpoint|region|path_style|changes_topic|partitions|replication|tls|sasl|compression)=/;

/**
 * An address as it may be shown: without user and password, even when these contain characters that should be escaped, and only with our
 * own parameters that hold no secret.
 */
export function withoutCredentials(address: string): string {
  const [, place = '', query = ''] = /^([^?#]*)(?:\?([^#]*))?/.exec(address)!;
  // What looks like parameters may be the rest of a password.
  if (!place.includes('@') && query.includes('@') && !URL.canParse(address))
    return place.replace(/^([^/]*\/\/)?.*/s, '$1…');
  const shown = place.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1');
  if (!/^(s3|sqs|kafka):/.test(shown)) return shown;
  const parameters = query
    .split('&')
    .filter((parameter) => SHOWN_PARAMETERS.test(parameter))
    .map((parameter) => (parameter.startsWith('endpoint=') ? withoutSecretsOfEndpoint(parameter) : parameter));
  return parameters.length === 0 ? shown : `${shown}?${parameters.join('&')}`;
}

function withoutSecretsOfEndpoint(parameter: string): string {
  const given = new URLSearchParams(parameter).get('endpoint')!;
  const shown = withoutCredentials(given);
  return shown === given ? parameter : `endpoint=${shown}`;
}
