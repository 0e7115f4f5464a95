import { moduleOf } from '../devices/module.ts';
import { amendModule } from '../devices/modules.ts';
import { moduleTwinDocument, twinDocument } from '../twins/twin.ts';
import { patchedTwin, replacedTwin, requireTwinEtag, type TwinState, wantedTwin } from '../twins/twin-state.ts';
import { type Outcome, objectIn } from '../wire/answer.ts';
import { matchIn } from '../wire/etag.ts';
import { twinOfVersion } from './api-version.ts';
import type { Call } from './call.ts';

// The service's answers about twins carry no ETag header. The etag is in the body (recorded).

export function getTwin({ service, id, search }: Call): Outcome {
  service.counts.twinReads += 1;
  return shown(search, twinDocument(service.registry.get(id)));
}

export function getModuleTwin({ service, id, moduleId, search }: Call): Outcome {
  service.counts.twinReads += 1;
  return shown(search, moduleTwinDocument(id, moduleOf(service.registry.get(id), moduleId)));
}

export function patchTwin(call: Call): Outcome {
  return changeTwin(call, patchedTwin);
}

export function putTwin(call: Call): Outcome {
  return changeTwin(call, replacedTwin);
}

export function patchModuleTwin(call: Call): Outcome {
  return changeModuleTwin(call, patchedTwin);
}

export function putModuleTwin(call: Call): Outcome {
  return changeModuleTwin(call, replacedTwin);
}

function shown(search: URLSearchParams, twin: object): Outcome {
  return { body: twinOfVersion(twin, search.get('api-version')) };
}

function changeTwin(call: Call, change: typeof patchedTwin): Outcome {
  const { service, id, search } = call;
  service.counts.twinWrites += 1;
  const twin = changed(call, service.registry.get(id).twin, change);
  return shown(search, twinDocument(service.registry.amend(id, { twin })));
}

function changeModuleTwin(call: Call, change: typeof patchedTwin): Outcome {
  const { service, id, moduleId, search } = call;
  service.counts.twinWrites += 1;
  const twin = changed(call, moduleOf(service.registry.get(id), moduleId).twin, change);
  return shown(search, moduleTwinDocument(id, amendModule(service.registry, id, moduleId, twin)));
}

/** Changes a twin. Without If-Match any etag fits, since nobody creates a twin. */
function changed(
  { request, service, id }: Call,
  current: TwinState | undefined,
  change: typeof patchedTwin,
): TwinState {
  const wanted = wantedTwin(objectIn(request.body));
  requireTwinEtag(current, matchIn(request.header('if-match')).etag, id);
  return change(current, wanted, service.clock());
}
