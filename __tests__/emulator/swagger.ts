import { createRequire } from 'node:module';
import type { Exchange } from './recorder.ts';

/** A part of a call or its answer that the service's own description does not allow. */
export interface Violation {
  readonly side: 'request' | 'answer';
  /** `PUT /devices/{id}` */
  readonly operation: string;
  readonly status: number;
  /** `/0/authentication/type` */
  readonly path: string;
  /** The keyword of JSON Schema: `type`, `enum`, `format`, …; `status` for a status that is not described. */
  readonly keyword: string;
  readonly value: unknown;
  readonly message: string;
}

/** The parts of a Swagger 2.0 description that are used here. */
export interface Swagger {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly definitions: Readonly<Record<string, object>>;
  readonly parameters: Readonly<Record<string, object>>;
}

interface Operation {
  readonly parameters: readonly { readonly $ref?: string }[];
  readonly responses: Readonly<Record<string, object>>;
}

interface Fault {
  readonly path: string;
  readonly keyword: string;
  readonly message: string;
}

// Node and the test runner disagree about the default export of a CommonJS module, but not about `require`.
const require = createRequire(import.meta.url);
const RequestValidator: new (description: object) => { validateRequest(request: object): Found } =
  require('openapi-request-validator').default;
const ResponseValidator: new (description: object) => { validateResponse(status: number, body: unknown): Found } =
  require('openapi-response-validator').default;
type Found = { readonly errors: readonly Fault[] } | undefined;

/** Checks calls against a description. Throws if the description does not have the call at all. */
export function swaggerChecker(swagger: Swagger): (exchange: Exchange) => readonly Violation[] {
  const definitions = Object.fromEntries(
    Object.entries(swagger.definitions).map(([name, schema]) => [name, closed(schema)]),
  );
  const operations = Object.entries(swagger.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      checkedOperation(`${method.toUpperCase()} ${template}`, operation, swagger.parameters, definitions),
    ),
  );
  return (exchange) => {
    const here = operations.find((operation) => operation.matches(exchange));
    if (here === undefined) throw new Error(`${exchange.method} ${exchange.path} is not in the description.`);
    return here.check(exchange);
  };
}

function checkedOperation(name: string, operation: Operation, shared: Swagger['parameters'], definitions: object) {
  const [method, template = ''] = name.split(' ');
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, each]) => each!);
  // The SDK lists devices at `/devices/`, which the service treats like `/devices`.
  const form = new RegExp(`^${template.replace(/\{\w+\}/g, '([^/]+)')}/?$`);
  const parameters = operation.parameters.map((each) => {
    if (each.$ref === undefined) return each;
    // Without this, the default would be filled in if the parameter is missing.
    const { default: _, ...parameter } = Object(shared[each.$ref.replace('#/parameters/', '')]);
    return parameter;
  });
  const errorTransformer = (_: unknown, fault: object) => faultOf(fault);
  const strict = { schemas: definitions, additionalQueryProperties: false };
  const requests = new RequestValidator({ parameters, ...strict, errorTransformer });
  const { responses: described } = operation;
  const responses = new ResponseValidator({ responses: described, definitions, customFormats, errorTransformer });

  return {
    matches: (exchange: Exchange) =>
      exchange.method === method && form.test(exchange.path) && !isLiteral(exchange.path, template),
    check(exchange: Exchange): readonly Violation[] {
      const values = form.exec(exchange.path)!.slice(1).map(decodeURIComponent);
      const params = Object.fromEntries(names.map((each, at) => [each, values[at]]));
      const asked = requests.validateRequest({ ...exchange, params })?.errors ?? [];
      const answered =
        String(exchange.status) in described
          ? (responses.validateResponse(exchange.status, exchange.answer)?.errors ?? [])
          : [{ path: '', keyword: 'status', message: `the status ${exchange.status} is not described` }];
      const violation = (side: Violation['side'], document: unknown) => (fault: Fault) => {
        const path = fault.path.replace(/^\/(?:body|response)/, '');
        return { side, operation: name, status: exchange.status, ...fault, path, value: valueAt(document, path) };
      };
      return [...asked.map(violation('request', exchange.body)), ...answered.map(violation('answer', exchange.answer))];
    },
  };
}

/** `/devices/query` is its own path, not a device with the id `query`; so is `/jobs/v2/query`. */
function isLiteral(path: string, template: string): boolean {
  const parent = template.replace(/\{id\}$/, '');
  return ['/devices/', '/jobs/v2/'].includes(parent) && path === `${parent}query`;
}

/** A copy that allows only the described names. JSON Schema would allow any. */
function closed(schema: object): object {
  return 'properties' in schema ? { additionalProperties: false, ...schema } : schema;
}

function faultOf(fault: object): Fault {
  const { instancePath, keyword, message, params } = Object(fault);
  const extra = params?.additionalProperty ?? params?.missingProperty;
  return { path: extra === undefined ? instancePath : `${instancePath}/${extra}`, keyword, message };
}

function valueAt(document: unknown, path: string): unknown {
  return path
    .split('/')
    .slice(1)
    .reduce((value: unknown, name) => Object(value)[name.replaceAll('~1', '/').replaceAll('~0', '~')], document);
}

/** The response validator has no formats of its own. */
const customFormats = {
  'date-time': (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text),
  int32: { type: 'number' as const, validate: (value: number) => Number.isInteger(value) && Math.abs(value) < 2 ** 31 },
  int64: { type: 'number' as const, validate: Number.isInteger },
};
