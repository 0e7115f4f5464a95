import { applyBulk } from '../devices/bulk.ts';
import { createdDocument, deviceDocument, etagOf, type Identity, wantedIdentity } from '../devices/identity.ts';
import { asksForJobs, jobQueryPage } from '../queries/job-query.ts';
import { queryPage } from '../queries/query-page.ts';
import { jsonIn, type Outcome, objectIn } from '../wire/answer.ts';
import { Refused } from '../wire/errors.ts';
import { matchIn, requiredEtag } from '../wire/etag.ts';
import { property } from '../wire/json.ts';
import { twinOfVersion } from './api-version.ts';
import type { Call } from './call.ts';
import { pageSize } from './scheduled-job-routes.ts';

export function getDevice({ service, id }: Call): Outcome {
  service.counts.registryReads += 1;
  const identity = service.registry.get(id);
  return { headers: etagHeader(identity), body: deviceDocument(identity) };
}

/** Without If-Match, or with an empty one, a PUT only creates. With If-Match it only updates. */
export function putDevice({ request, service, id }: Call): Outcome {
  service.counts.registryWrites += 1;
  const body = objectIn(request.body);
  const named = property(body, 'deviceId');
  if (named === undefined || named === null) throw new Refused('ArgumentNull', 'deviceId is missing.');
  if (named !== id) throw new Refused('ArgumentInvalid', 'The deviceId of the body is not that of the path.');
  const wanted = wantedIdentity(id, body);
  const match = matchIn(request.header('if-match'));
  if (!match.given) {
    const created = service.registry.create(wanted);
    return { headers: etagHeader(created), body: createdDocument(created) };
  }
  const updated = service.registry.update(wanted, match.etag);
  return { headers: etagHeader(updated), body: deviceDocument(updated) };
}

export function deleteDevice({ request, service, id }: Call): Outcome {
  service.counts.registryWrites += 1;
  service.registry.remove(id, requiredEtag(request.header('if-match')));
  return { status: 204 };
}

export function listDevices({ service, search }: Call): Outcome {
  service.counts.registryReads += 1;
  const top = Number(search.get('top') ?? 1000);
  const most = Number.isInteger(top) && top >= 1 && top <= 1000 ? top : 1000;
  const devices = [];
  for (const identity of service.registry.all()) {
    if (devices.push(deviceDocument(identity)) === most) break;
  }
  return { body: devices };
}

export function changeDevices({ request, service }: Call): Outcome {
  const body = jsonIn(request.body);
  service.counts.registryWrites += Array.isArray(body) ? body.length : 1;
  const result = applyBulk(service.registry, body);
  if (result.isSuccessful) return { body: result };
  return { status: 400, headers: { 'iothub-errorcode': 'BulkRegistryOperationFailure' }, body: result };
}

export function queryDevices({ request, service, search }: Call): Outcome {
  service.counts.queries += 1;
  const text = property(objectIn(request.body), 'query');
  if (typeof text !== 'string') throw new Refused('ArgumentNull', 'BadRequest');
  const most = pageSize(request.header('x-ms-max-item-count'));
  const token = request.header('x-ms-continuation');
  const page = asksForJobs(text)
    ? jobQueryPage(service.scheduled.rows(), text, most, token)
    : queryPage(service.registry.visible(), text, most, token);
  return {
    headers: {
      'x-ms-item-type': page.itemType,
      ...(page.continuation === undefined ? {} : { 'x-ms-continuation': page.continuation }),
    },
    body:
      page.itemType === 'Twin' ? page.rows.map((twin) => twinOfVersion(twin, search.get('api-version'))) : page.rows,
  };
}

export function countDevices({ service }: Call): Outcome {
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

/** Always 0, since no device can connect to this hub. */
export function countConnections({ service }: Call): Outcome {
  service.counts.registryReads += 1;
  return { body: { connectedDeviceCount: 0 } };
}

function etagHeader(identity: Identity): Readonly<Record<string, string>> {
  return { etag: `"${etagOf(identity)}"` };
}
