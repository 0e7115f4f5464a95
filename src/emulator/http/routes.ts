import type { OperationClass } from '../../model/capacity.ts';
import type { Need } from '../access/rights.ts';
import type { Body, Outcome, Request } from '../wire/answer.ts';
import { Refused } from '../wire/errors.ts';
import { requireApiVersion } from './api-version.ts';
import { authorize } from './authorize.ts';
import type { Call, Service } from './call.ts';
import {
  applyContent,
  checkQueries,
  deleteConfiguration,
  getConfiguration,
  listConfigurations,
  putConfiguration,
} from './configuration-routes.ts';
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
import { cancelJob, createJob, getJob, listJobs } from './job-routes.ts';
import { lackAt, lackText } from './lacking.ts';
import { callMethod, callModuleMethod } from './method-routes.ts';
import { deleteModule, getModule, listModules, putModule } from './module-routes.ts';
import { pathForm } from './path-form.ts';
import { report, resetHub, showMetrics, showPage } from './people-routes.ts';
import { cancelScheduledJob, getScheduledJob, queryScheduledJobs, scheduleJob } from './scheduled-job-routes.ts';
import { getModuleTwin, getTwin, patchModuleTwin, patchTwin, putModuleTwin, putTwin } from './twin-routes.ts';

export type { Service };

interface Route {
  readonly method: string;
  /** The path, with names in place of ids. `/?` means that a slash may follow. */
  readonly path: string;
  /** The quota that the call uses. Undefined if the service does not have the call. */
  readonly quota: OperationClass | undefined;
  /** The right that the call needs. Undefined if it needs no signature. */
  readonly need: Need | undefined;
  /** Whether it is about module identities. A device may make these calls for itself. */
  readonly ofModules?: boolean;
  readonly run: (call: Call) => Outcome | Promise<Outcome>;
}

const read: Need = { right: 'RegistryRead', actions: ['devices/read'] };
const write: Need = { right: 'RegistryWrite', actions: ['devices/write'] };
const remove: Need = { right: 'RegistryWrite', actions: ['devices/delete'] };
const bulk: Need = { right: 'RegistryWrite', actions: ['devices/write', 'devices/delete'] };
const readTwin: Need = { right: 'ServiceConnect', actions: ['twins/read'] };
const writeTwin: Need = { right: 'ServiceConnect', actions: ['twins/write'] };
const callDevice: Need = { right: 'ServiceConnect', actions: ['directMethods/invoke/action'] };
const readConfiguration: Need = { right: 'RegistryRead', actions: ['configurations/read'] };
const writeConfiguration: Need = { right: 'RegistryWrite', actions: ['configurations/write'] };
const removeConfiguration: Need = { right: 'RegistryWrite', actions: ['configurations/delete'] };
const testQueries: Need = { right: 'RegistryRead', actions: ['configurations/testQueries/action'] };
const applyToDevice: Need = { right: 'RegistryWrite', actions: ['configurations/applyToEdgeDevice/action'] };
/** A policy may act as any device, and so may whoever writes twins. */
const asDevice: Need = { right: 'DeviceConnect', actions: ['twins/write'] };
const readJob: Need = { right: 'RegistryRead', actions: ['jobs/read'] };
const writeJob: Need = { right: 'RegistryWrite', actions: ['jobs/write'] };
const removeJob: Need = { right: 'RegistryWrite', actions: ['jobs/delete'] };

// docs/embedded-hub.md shows the same table to users.
const table: readonly Route[] = [
  { method: 'GET', path: '/devices/?', quota: 'registry', need: read, run: listDevices },
  { method: 'POST', path: '/devices/?', quota: 'registry', need: bulk, run: changeDevices },
  { method: 'POST', path: '/devices/query', quota: 'query', need: readTwin, run: queryDevices },
  { method: 'GET', path: '/statistics/devices', quota: 'registry', need: read, run: countDevices },
  { method: 'GET', path: '/statistics/service', quota: 'registry', need: read, run: countConnections },
  { method: 'GET', path: '/devices/{id}', quota: 'registry', need: read, run: getDevice },
  { method: 'PUT', path: '/devices/{id}', quota: 'registry', need: write, run: putDevice },
  { method: 'DELETE', path: '/devices/{id}', quota: 'registry', need: remove, run: deleteDevice },
  { method: 'GET', path: '/devices/{id}/modules/?', quota: 'registry', need: read, ofModules: true, run: listModules },
  {
    method: 'GET',
    path: '/devices/{id}/modules/{mid}',
    quota: 'registry',
    need: read,
    ofModules: true,
    run: getModule,
  },
  {
    method: 'PUT',
    path: '/devices/{id}/modules/{mid}',
    quota: 'registry',
    need: write,
    ofModules: true,
    run: putModule,
  },
  {
    method: 'DELETE',
    path: '/devices/{id}/modules/{mid}',
    quota: 'registry',
    need: remove,
    ofModules: true,
    run: deleteModule,
  },
  { method: 'GET', path: '/twins/{id}', quota: 'twin-read', need: readTwin, run: getTwin },
  { method: 'PATCH', path: '/twins/{id}', quota: 'twin-write', need: writeTwin, run: patchTwin },
  { method: 'PUT', path: '/twins/{id}', quota: 'twin-write', need: writeTwin, run: putTwin },
  { method: 'GET', path: '/twins/{id}/modules/{mid}', quota: 'twin-read', need: readTwin, run: getModuleTwin },
  { method: 'PATCH', path: '/twins/{id}/modules/{mid}', quota: 'twin-write', need: writeTwin, run: patchModuleTwin },
  { method: 'PUT', path: '/twins/{id}/modules/{mid}', quota: 'twin-write', need: writeTwin, run: putModuleTwin },
  { method: 'POST', path: '/twins/{id}/methods', quota: 'twin-write', need: callDevice, run: callMethod },
  {
    method: 'POST',
    path: '/twins/{id}/modules/{mid}/methods',
    quota: 'twin-write',
    need: callDevice,
    run: callModuleMethod,
  },
  { method: 'GET', path: '/jobs/v2/query', quota: 'job', need: readJob, run: queryScheduledJobs },
  { method: 'GET', path: '/jobs/v2/{id}', quota: 'job', need: readJob, run: getScheduledJob },
  { method: 'PUT', path: '/jobs/v2/{id}', quota: 'job', need: writeJob, run: scheduleJob },
  { method: 'POST', path: '/jobs/v2/{id}/cancel', quota: 'job', need: removeJob, run: cancelScheduledJob },
  {
    method: 'GET',
    path: '/configurations/?',
    quota: 'configuration',
    need: readConfiguration,
    run: listConfigurations,
  },
  {
    method: 'GET',
    path: '/configurations/{id}',
    quota: 'configuration',
    need: readConfiguration,
    run: getConfiguration,
  },
  {
    method: 'PUT',
    path: '/configurations/{id}',
    quota: 'configuration',
    need: writeConfiguration,
    run: putConfiguration,
  },
  {
    method: 'DELETE',
    path: '/configurations/{id}',
    quota: 'configuration',
    need: removeConfiguration,
    run: deleteConfiguration,
  },
  { method: 'POST', path: '/configurations/testQueries', quota: 'configuration', need: testQueries, run: checkQueries },
  {
    method: 'POST',
    path: '/devices/{id}/applyConfigurationContent',
    quota: 'configuration',
    need: applyToDevice,
    run: applyContent,
  },
  { method: 'POST', path: '/jobs/create', quota: 'job', need: writeJob, run: createJob },
  { method: 'GET', path: '/jobs/?', quota: 'job', need: readJob, run: listJobs },
  { method: 'GET', path: '/jobs/{id}', quota: 'job', need: readJob, run: getJob },
  { method: 'DELETE', path: '/jobs/{id}', quota: 'job', need: removeJob, run: cancelJob },
  { method: 'GET', path: '/metrics', quota: undefined, need: undefined, run: showMetrics },
  { method: 'GET', path: '/', quota: undefined, need: undefined, run: showPage },
  { method: 'POST', path: '/_emulator/reset', quota: undefined, need: bulk, run: resetHub },
  { method: 'PATCH', path: '/_emulator/reported/{id}', quota: undefined, need: asDevice, run: report },
  { method: 'PATCH', path: '/_emulator/reported/{id}/modules/{mid}', quota: undefined, need: asDevice, run: report },
];

const routes = table.map((route) => ({
  ...route,
  name: `${route.method} ${route.path.replace('/?', '')}`,
  form: pathForm(route.path),
}));

/** A call that has passed its access check and is not carried out yet. */
export interface Opened {
  readonly quota: OperationClass | undefined;
  /** Number of operations that it takes from that quota. */
  readonly cost: number;
  run(): Outcome | Promise<Outcome>;
}

/** Checks a call. Throws `Refused` if the service would not let it in. */
export function open(request: Request, service: Service): Opened {
  // Split by hand, since a URL parser would resolve a device called ".." as the folder above.
  const [path = '', query = ''] = request.target.split(/\?(.*)/s);
  const here = routes.filter(({ form }) => form.test(path));
  const route = here.find((candidate) => candidate.method === request.method);
  if (route === undefined) throw unserved(request.method, path, here.length > 0);

  const [, id = '', moduleId = ''] = (route.form.exec(path) ?? []).map(decoded);
  if (route.need !== undefined) {
    authorize({ request, path, need: route.need, modulesOf: route.ofModules ? id : undefined }, service);
  }
  const search = new URLSearchParams(query);
  if (route.quota !== undefined) requireApiVersion(search.get('api-version'), service.clock());
  const call = { request, service, search, id, moduleId };
  const cost = route.run === changeDevices ? bulkSize(request.body) : 1;
  return { quota: route.quota, cost, run: () => route.run(call) };
}

function unserved(method: string, path: string, known: boolean): Refused {
  const lack = lackAt(method, path);
  if (lack !== undefined) return new Refused('NotImplemented', lackText(lack));
  if (known) return new Refused('GenericMethodNotAllowed', `${method} is not allowed here.`);
  return new Refused('GenericNotFound', 'There is nothing at this path.');
}

/** The calls that this hub serves, by names such as `PUT /devices/{id}`. */
export const routeNames: readonly string[] = routes.map(({ name }) => name);

/** The name of a call, such as `PUT /devices/{id}`, whether or not it is let in. */
export function routeName(method: string, path: string): string {
  return routes.find((route) => route.method === method && route.form.test(path))?.name ?? 'none';
}

function bulkSize(body: Body): number {
  return body.kind === 'json' && Array.isArray(body.value) ? Math.max(1, body.value.length) : 1;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refused('ArgumentInvalid', 'The path is not encoded rightly.');
  }
}
