import { randomUUID } from 'node:crypto';
import { applyBulk, unquoted } from './bulk.ts';
import { errorBody, Refused } from './errors.ts';
import { createdDocument, deviceDocument, etagOf, type Identity, wantedIdentity } from './identity.ts';
import { isJsonObject, type JsonObject, property } from './json.ts';
import { queryPage } from './query-page.ts';
import type { IdentityRegistry } from './registry.ts';
import { authorize, type PolicyKeys, type Right } from './sas.ts';

/** A request, its body read. */
export interface Request {
  readonly method: string;
  /** As sent: path and query string, still encoded. */
  readonly target: string;
  header(name: string): string | undefined;
  readonly body: Body;
}

export type Body =
  | { readonly kind: 'none' | 'invalid' | 'too-large' }
  | { readonly kind: 'json'; readonly value: unknown };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Calls so far. `registryWrites` counts operations, as the service's quota does: a bulk of N devices is N. */
export interface Counts {
  readonly requests: number;
  readonly registryReads: number;
  readonly registryWrites: number;
  readonly queries: number;
}

export interface Service {
  readonly registry: IdentityRegistry;
  readonly keys: PolicyKeys;
  readonly clock: () => number;
  /** The names a client may call this hub, in lower case. */
  readonly hosts: readonly string[];
  readonly counts: { -readonly [Name in keyof Counts]: Counts[Name] };
}

interface Call {
  readonly request: Request;
  readonly service: Service;
  readonly search: URLSearchParams;
  /** The device id of the path, decoded. */
  readonly id: string;
}

interface Outcome {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly right: Right;
  readonly run: (call: Call) => Outcome;
}

const routes: readonly Route[] = [
  { method: 'GET', path: /^\/devices\/?$/, right: 'RegistryRead', run: listDevices },
  { method: 'POST', path: /^\/devices\/?$/, right: 'RegistryWrite', run: changeDevices },
  { method: 'POST', path: /^\/devices\/query$/, right: 'ServiceConnect', run: queryDevices },
  { method: 'GET', path: /^\/statistics\/devices$/, right: 'RegistryRead', run: countDevices },
  { method: 'GET', path: /^\/devices\/([^/]+)$/, right: 'RegistryRead', run: getDevice },
  { method: 'PUT', path: /^\/devices\/([^/]+)$/, right: 'RegistryWrite', run: putDevice },
  { method: 'DELETE', path: /^\/devices\/([^/]+)$/, right: 'RegistryWrite', run: deleteDevice },
];

/** Carries out one request. Never throws for what a client sent. */
export function answer(request: Request, service: Service): Answer {
  const requestId = randomUUID();
  try {
    return rendered(dispatch(request, service), requestId);
  } catch (error) {
    const refusal =
      error instanceof Refused ? error : new Refused('ServerError', `InternalServerError: ${String(error)}`);
    return refusalAnswer(refusal.status, refusal.code, refusal.message, requestId, service.clock());
  }
}

/** A refusal as the service words it; also for disturbances. */
export function refusalAnswer(status: number, code: string, text: string, requestId: string, now: number): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      vary: 'Origin',
      'x-ms-request-id': requestId,
      'iothub-errorcode': code,
      // Recorded with every 429: the service closes the connection, and names no time to wait in a header.
      ...(status === 429 ? { connection: 'close' } : {}),
    },
    body: errorBody(code, text, requestId, now),
  };
}

function rendered(outcome: Outcome, requestId: string): Answer {
  const body = outcome.body === undefined ? '' : JSON.stringify(outcome.body);
  return {
    status: outcome.status ?? 200,
    headers: {
      ...(body === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      vary: 'Origin',
      'x-ms-request-id': requestId,
      ...outcome.headers,
    },
    body,
  };
}

function dispatch(request: Request, service: Service): Outcome {
  // Cut by hand: a URL parser would fold a device called ".." into the folder above.
  const [path = '', query = ''] = request.target.split(/\?(.*)/s);
  const here = routes.filter((route) => route.path.test(path));
  const route = here.find((candidate) => candidate.method === request.method);
  if (here.length === 0) throw new Refused('GenericNotFound', 'There is nothing at this path.');
  if (route === undefined) throw new Refused('GenericMethodNotAllowed', `${request.method} is not allowed here.`);

  const hub = { keys: service.keys, hosts: service.hosts, now: service.clock() };
  authorize(request.header('authorization'), { path, right: route.right }, hub);
  const search = new URLSearchParams(query);
  requireVersion(search.get('api-version'));
  return route.run({ request, service, search, id: decodedId(route.path.exec(path)?.[1] ?? '') });
}

function requireVersion(version: string | null): void {
  const date = version?.match(/^(\d{4}-\d{2}-\d{2})(?:-preview)?$/)?.[1];
  // 2015-08-15-preview is the oldest that the service ever had.
  if (date === undefined || Number.isNaN(Date.parse(date)) || date < '2015-08-15') {
    throw new Refused('InvalidProtocolVersion', `The api-version '${version ?? ''}' is not supported.`);
  }
}

function decodedId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refused('ArgumentInvalid', 'The path is not encoded rightly.');
  }
}

function getDevice({ service, id }: Call): Outcome {
  service.counts.registryReads += 1;
  const identity = service.registry.get(id);
  return { headers: etagHeader(identity), body: deviceDocument(identity) };
}

/** Without If-Match, or with an empty one, a PUT only creates; with one it only updates. */
function putDevice({ request, service, id }: Call): Outcome {
  service.counts.registryWrites += 1;
  const body = objectIn(request.body);
  const named = property(body, 'deviceId');
  if (named === undefined || named === null) throw new Refused('ArgumentNull', 'deviceId is missing.');
  if (named !== id) throw new Refused('ArgumentInvalid', 'The deviceId of the body is not that of the path.');
  const wanted = wantedIdentity(id, body);
  const etag = unquoted(request.header('if-match') ?? '');
  if (etag === '') {
    const created = service.registry.create(wanted);
    return { headers: etagHeader(created), body: createdDocument(created) };
  }
  const updated = service.registry.update(wanted, etag === '*' ? undefined : etag);
  return { headers: etagHeader(updated), body: deviceDocument(updated) };
}

function deleteDevice({ request, service, id }: Call): Outcome {
  service.counts.registryWrites += 1;
  const etag = unquoted(request.header('if-match') ?? '');
  if (etag === '') throw new Refused('PreconditionFailed', 'Etag missing');
  service.registry.remove(id, etag === '*' ? undefined : etag);
  return { status: 204 };
}

function listDevices({ service, search }: Call): Outcome {
  service.counts.registryReads += 1;
  const top = Number(search.get('top') ?? 1000);
  const most = Number.isInteger(top) && top >= 1 && top <= 1000 ? top : 1000;
  const devices = [];
  for (const identity of service.registry.all()) {
    if (devices.push(deviceDocument(identity)) === most) break;
  }
  return { body: devices };
}

function changeDevices({ request, service }: Call): Outcome {
  const body = jsonIn(request.body);
  service.counts.registryWrites += Array.isArray(body) ? body.length : 1;
  const result = applyBulk(service.registry, body);
  if (result.isSuccessful) return { body: result };
  return { status: 400, headers: { 'iothub-errorcode': 'BulkRegistryOperationFailure' }, body: result };
}

function countDevices({ service }: Call): Outcome {
  service.counts.registryReads += 1;
  let enabled = 0;
  let total = 0;
  for (const identity of service.registry.visible()) {
    total += 1;
    if (identity.status === 'enabled') enabled += 1;
  }
  return {
    body: { totalDeviceCount: total, enabledDeviceCount: enabled, disabledDeviceCount: total - enabled },
  };
}

function queryDevices({ request, service }: Call): Outcome {
  service.counts.queries += 1;
  const text = property(objectIn(request.body), 'query');
  if (typeof text !== 'string') throw new Refused('ArgumentNull', 'BadRequest');
  const asked = Number(request.header('x-ms-max-item-count') ?? 100);
  const most = Number.isInteger(asked) && asked >= 1 ? Math.min(asked, 1000) : 100;
  const page = queryPage(service.registry.visible(), text, most, request.header('x-ms-continuation'));
  return {
    headers: {
      'x-ms-item-type': page.itemType,
      ...(page.continuation === undefined ? {} : { 'x-ms-continuation': page.continuation }),
    },
    body: page.rows,
  };
}

function etagHeader(identity: Identity): Readonly<Record<string, string>> {
  return { etag: `"${etagOf(identity)}"` };
}

function jsonIn(body: Body): unknown {
  if (body.kind === 'json') return body.value;
  if (body.kind === 'too-large') throw new Refused('MessageTooLarge', 'The body is too large.');
  if (body.kind === 'none') throw new Refused('ArgumentNull', 'The body is missing.');
  throw new Refused('ArgumentInvalid', 'The body is not JSON.');
}

function objectIn(body: Body): JsonObject {
  const value = jsonIn(body);
  if (!isJsonObject(value)) throw new Refused('ArgumentInvalid', 'The body must be an object.');
  return value;
}
