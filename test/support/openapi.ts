/**
 * Checks the responses that tests get through `fetch` against the OpenAPI document of the service: the operation, the status, the
 * content type, the headers, and the JSON by its schema. What the document does not describe fails the test that got it.
 */
import { AssertionError } from 'node:assert';
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';

interface ResponseObject {
  $ref?: string;
  headers?: Record<string, { required?: boolean }>;
  content?: Record<string, { schema?: AnySchema }>;
}
type Operation = { responses: Record<string, ResponseObject> };
export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { responses: Record<string, ResponseObject> };
}

const METHODS = ['get', 'head', 'put', 'post', 'delete', 'options', 'patch'];
const PROBLEM_TYPE = 'application/problem+json';
const plainFetch = globalThis.fetch;
/** Those whose responses are checked, until one of them turns out to have no document. */
const origins = new Set<string>();
let check: ReturnType<typeof checker> | null = null;

/** From now on each response of this service to `fetch` is checked. */
export function checkResponsesOf(url: string): void {
  origins.add(new URL(url).origin);
  globalThis.fetch = checkedFetch;
}

const checkedFetch: typeof fetch = async (input, init) => {
  const response = await plainFetch(input, init);
  const { origin, pathname } = new URL(input instanceof Request ? input.url : input);
  if (!origins.has(origin)) return response;
  if (!check) {
    const document = await documentOf(origin);
    if (document) check = checker(document);
    else origins.delete(origin);
  }
  const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase();
  // The same routes, as the document says among its servers.
  const wrong = await check?.(method, pathname.replace(/^\/api\/v1(?=\/)/, ''), response);
  if (!wrong) return response;
  throw new AssertionError({ message: `${method} ${pathname} ${response.status} is not as documented: ${wrong}` });
};

/** Null where there is none: the process has no API, or ended meanwhile. The document is the same whichever service gives it. */
async function documentOf(origin: string): Promise<OpenApiDocument | null> {
  const found = await plainFetch(`${origin}/openapi.json`).catch(() => null);
  return found?.ok ? ((await found.json().catch(() => null)) as OpenApiDocument | null) : null;
}

/** What is wrong with a response; null when it is as documented. */
export function checker(document: OpenApiDocument) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'document');
  const compiled = new Map<string, ValidateFunction>();
  const templates = Object.keys(document.paths).map((path) => ({
    path,
    // Those without parameters first.
    pattern: new RegExp(
      `^${path
        .split(/\{\w+\}/)
        .map(RegExp.escape)
        .join('[^/]+')}$`,
    ),
  }));
  templates.sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')));

  return async (method: string, path: string, response: Response): Promise<string | null> => {
    const type = (response.headers.get('content-type') ?? '').split(';')[0]!;
    // The page shares addresses with the API.
    if (type === 'text/html' || path.startsWith('/assets/')) return null;
    const template = templates.find(({ pattern }) => pattern.test(path))?.path;
    const operation = template === undefined ? undefined : document.paths[template]![method.toLowerCase()];
    // Addresses of the page alone, and those that nothing has.
    if (operation === undefined) return [204, 404, 405].includes(response.status) ? null : 'there is no such operation';
    const steps = ['paths', template!, method.toLowerCase(), 'responses', String(response.status)];
    const found = operation.responses[response.status];
    if (found === undefined) return 'there is no such status';
    const name = found.$ref?.split('/').at(-1);
    const described = name === undefined ? found : document.components.responses[name]!;
    for (const [header, { required }] of Object.entries(described.headers ?? {}))
      if (required && !response.headers.has(header) && type !== PROBLEM_TYPE) return `it has no ${header}`;
    if (method === 'HEAD' || described.content === undefined) return null;
    const content = described.content[type];
    if (content === undefined) return `there is no content type ${type}`;
    if (content.schema === undefined || !/[/+]json$/.test(type)) return null;
    const body = await bodyOf(response);
    if (body === null) return null;
    const pointer = (name === undefined ? [...steps] : ['components', 'responses', name])
      .concat('content', type, 'schema')
      .map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `document#/${pointer}` });
    compiled.set(pointer, validate);
    return validate(body) ? null : ajv.errorsText(validate.errors);
  };
}

/** Null where it did not come whole, as when the service was killed: the test sees that itself. */
async function bodyOf(response: Response): Promise<unknown> {
  const text = await response
    .clone()
    .text()
    .catch(() => null);
  return text === null ? null : JSON.parse(text);
}

/** `GET /orders` and so on, of all operations. */
export const operationsOf = ({ paths }: OpenApiDocument): string[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    METHODS.filter((method) => operations[method]).map((method) => `${method.toUpperCase()} ${path}`),
  );
