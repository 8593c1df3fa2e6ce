/** Schemathesis, a property-based tester of HTTP services: its configuration, and the Python that has it. */
import { installPython } from '../../scripts/engines/python.ts';

/** The directory of its configuration, hooks and requirements. */
export const SCHEMATHESIS = new URL('schemathesis/', import.meta.url).pathname;

/** Installs it at the first use; the path of the interpreter. */
export const fetchSchemathesis = (): Promise<string> =>
  installPython(new URL('schemathesis/requirements.txt', import.meta.url), 'schemathesis');
