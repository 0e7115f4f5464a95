import { randomUUID } from 'node:crypto';
import { type Answer, type Outcome, type Request, refusalAnswer, rendered } from './answer.ts';
import { requireApiVersion } from './api-version.ts';
import { bearerKey, requireToken } from './bearer.ts';
import type { Call, Service } from './call.ts';
import {
  changeDevices,
  countConnections,
  countDevices,
  deleteDevice,
  getDevice,
  listDevices,
  putDevice,
  queryDevices,
} from './device-routes.ts';
import { Refused } from './errors.ts';
import { deleteModule, getModule, listModules, putModule } from './module-routes.ts';
import { resetHub, showPage } from './people-routes.ts';
import type { Need } from './rights.ts';
import { requireSignature } from './sas.ts';
import { getModuleTwin, getTwin, patchModuleTwin, patchTwin, putModuleTwin, putTwin } from './twin-routes.ts';

export type { Service };

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** Undefined: nobody has to sign. */
  readonly need: Need | undefined;
  readonly run: (call: Call) => Outcome;
  /** False for what is no call of the service. */
  readonly versioned?: false;
}

const list = /^\/devices\/?$/;
const device = /^\/devices\/([^/]+)$/;
const modules = /^\/devices\/([^/]+)\/modules\/?$/;
const module = /^\/devices\/([^/]+)\/modules\/([^/]+)$/;
const twin = /^\/twins\/([^/]+)$/;
const moduleTwin = /^\/twins\/([^/]+)\/modules\/([^/]+)$/;

const read: Need = { right: 'RegistryRead', actions: ['devices/read'] };
const write: Need = { right: 'RegistryWrite', actions: ['devices/write'] };
const remove: Need = { right: 'RegistryWrite', actions: ['devices/delete'] };
const bulk: Need = { right: 'RegistryWrite', actions: ['devices/write', 'devices/delete'] };
const readTwin: Need = { right: 'ServiceConnect', actions: ['twins/read'] };
const writeTwin: Need = { right: 'ServiceConnect', actions: ['twins/write'] };

// docs/embedded-hub.md has the same table for people.
const routes: readonly Route[] = [
  { method: 'GET', path: list, need: read, run: listDevices },
  { method: 'POST', path: list, need: bulk, run: changeDevices },
  { method: 'POST', path: /^\/devices\/query$/, need: readTwin, run: queryDevices },
  { method: 'GET', path: /^\/statistics\/devices$/, need: read, run: countDevices },
  { method: 'GET', path: /^\/statistics\/service$/, need: read, run: countConnections },
  { method: 'GET', path: device, need: read, run: getDevice },
  { method: 'PUT', path: device, need: write, run: putDevice },
  { method: 'DELETE', path: device, need: remove, run: deleteDevice },
  { method: 'GET', path: modules, need: read, run: listModules },
  { method: 'GET', path: module, need: read, run: getModule },
  { method: 'PUT', path: module, need: write, run: putModule },
  { method: 'DELETE', path: module, need: remove, run: deleteModule },
  { method: 'GET', path: twin, need: readTwin, run: getTwin },
  { method: 'PATCH', path: twin, need: writeTwin, run: patchTwin },
  { method: 'PUT', path: twin, need: writeTwin, run: putTwin },
  { method: 'GET', path: moduleTwin, need: readTwin, run: getModuleTwin },
  { method: 'PATCH', path: moduleTwin, need: writeTwin, run: patchModuleTwin },
  { method: 'PUT', path: moduleTwin, need: writeTwin, run: putModuleTwin },
  { method: 'GET', path: /^\/$/, need: undefined, run: showPage, versioned: false },
  { method: 'POST', path: /^\/_emulator\/reset$/, need: bulk, run: resetHub, versioned: false },
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

function dispatch(request: Request, service: Service): Outcome {
  // Cut by hand: a URL parser would fold a device called ".." into the folder above.
  const [path = '', query = ''] = request.target.split(/\?(.*)/s);
  const here = routes.filter((route) => route.path.test(path));
  const route = here.find((candidate) => candidate.method === request.method);
  if (here.length === 0) throw new Refused('GenericNotFound', 'There is nothing at this path.');
  if (route === undefined) throw new Refused('GenericMethodNotAllowed', `${request.method} is not allowed here.`);

  if (route.need !== undefined) authorize(request, path, route.need, service);
  const search = new URLSearchParams(query);
  if (route.versioned !== false) requireApiVersion(search.get('api-version'), service.clock());
  const [, id = '', moduleId = ''] = route.path.exec(path) ?? [];
  return route.run({ request, service, search, id: decoded(id), moduleId: decoded(moduleId) });
}

function authorize(request: Request, path: string, need: Need, { keys, hosts, clock }: Service): void {
  const header = request.header('authorization');
  const token = header?.match(/^Bearer\s+(\S+)$/i)?.[1];
  if (token === undefined) {
    requireSignature(header, { path, right: need.right }, { keys, hosts, now: clock() });
    return;
  }
  const call = { method: request.method, path, need };
  requireToken(token, call, { key: bearerKey(keys.iothubowner), now: clock() });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refused('ArgumentInvalid', 'The path is not encoded rightly.');
  }
}
