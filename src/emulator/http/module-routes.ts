import { createdModuleDocument, moduleDocument, moduleOf, modulesOf, wantedModule } from '../devices/module.ts';
import { createModule, removeModule, updateModule } from '../devices/modules.ts';
import { type Outcome, objectIn } from '../wire/answer.ts';
import { Refused } from '../wire/errors.ts';
import { matchIn, requiredEtag } from '../wire/etag.ts';
import { property } from '../wire/json.ts';
import type { Call } from './call.ts';

// The service's answers about modules carry no ETag header (recorded).

export function listModules({ service, id }: Call): Outcome {
  service.counts.registryReads += 1;
  return { body: modulesOf(service.registry.get(id)).map((module) => moduleDocument(id, module)) };
}

export function getModule({ service, id, moduleId }: Call): Outcome {
  service.counts.registryReads += 1;
  return { body: moduleDocument(id, moduleOf(service.registry.get(id), moduleId)) };
}

/** As with devices: without If-Match a PUT only creates, with If-Match it only updates. */
export function putModule({ request, service, id, moduleId }: Call): Outcome {
  service.counts.registryWrites += 1;
  const body = objectIn(request.body);
  for (const [name, expected] of [
    ['deviceId', id],
    ['moduleId', moduleId],
  ] as const) {
    const named = property(body, name);
    if (named === undefined || named === null) throw new Refused('ArgumentNull', `${name} is missing.`);
    if (named !== expected) throw new Refused('ArgumentInvalid', `The ${name} of the body is not that of the path.`);
  }
  const wanted = wantedModule(moduleId, body);
  const match = matchIn(request.header('if-match'));
  if (match.given) return { body: moduleDocument(id, updateModule(service.registry, id, wanted, match.etag)) };
  return { body: createdModuleDocument(id, createModule(service.registry, id, wanted)) };
}

export function deleteModule({ request, service, id, moduleId }: Call): Outcome {
  service.counts.registryWrites += 1;
  removeModule(service.registry, id, moduleId, requiredEtag(request.header('if-match')));
  return { status: 204 };
}
