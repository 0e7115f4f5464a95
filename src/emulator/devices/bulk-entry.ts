import {
  initialTwin,
  namesTwin,
  patchedTwin,
  requireTwinEtag,
  type TwinState,
  type WantedTwin,
  wantedTwin,
} from '../twins/twin-state.ts';
import { Refused } from '../wire/errors.ts';
import { matchIn, requiredEtag } from '../wire/etag.ts';
import { type JsonObject, property } from '../wire/json.ts';
import { never, wantedIdentity } from './identity.ts';
import { moduleOf, modulesOf, wantedModule } from './module.ts';
import { amendModule, createModule, removeModule, updateModule } from './modules.ts';
import type { IdentityRegistry } from './registry.ts';

export interface BulkEntry {
  readonly deviceId: string;
  /** Undefined for a device. */
  readonly moduleId: string | undefined;
  readonly entry: JsonObject;
}

/** A device or a module, and what an entry may do to it. `etag` undefined: any etag fits. */
interface Target {
  exists(): boolean;
  create(twin: TwinState | undefined): void;
  update(etag: string | undefined): void;
  remove(etag: string | undefined): void;
  twin(): TwinState | undefined;
  amend(twin: TwinState): void;
  /** The time in the metadata of a twin that is created with it. For a device it is `never` (recorded for both). */
  twinTime(): string;
}

/**
 * Carries out one entry as its `importMode` says, in any case of letters: completely or not at all. Throws `Refused` if
 * the service refuses.
 */
export function applyEntry(registry: IdentityRegistry, { deviceId, moduleId, entry }: BulkEntry): void {
  const target =
    moduleId === undefined
      ? deviceTarget(registry, deviceId, entry)
      : moduleTarget(registry, deviceId, moduleId, entry);
  const twin = wantedTwin(entry);
  const mode = property(entry, 'importMode');
  const now = registry.clock();

  const create = () => target.create(namesTwin(twin) ? initialTwin(twin, target.twinTime()) : undefined);
  const update = (etag: string | undefined) => {
    // The twin is checked first, so that a refusal leaves everything as it is.
    const patched = namesTwin(twin) ? changedTwin(target, twin, twinEtagIn(entry), deviceId, now) : undefined;
    target.update(etag);
    if (patched !== undefined) target.amend(patched);
  };

  switch (typeof mode === 'string' ? mode.toLowerCase() : '') {
    case 'create':
      create();
      return;
    case 'update':
      update(undefined);
      return;
    case 'updateifmatchetag':
      update(requiredEtag(property(entry, 'eTag')));
      return;
    case 'createorupdate':
      if (target.exists()) update(undefined);
      else create();
      return;
    case 'createorupdateifmatchetag':
      if (target.exists()) update(matchIn(property(entry, 'eTag')).etag);
      else create();
      return;
    case 'delete':
      target.remove(undefined);
      return;
    case 'deleteifmatchetag':
      target.remove(requiredEtag(property(entry, 'eTag')));
      return;
    case 'updatetwin':
      target.amend(changedTwin(target, twin, undefined, deviceId, now));
      return;
    case 'updatetwinifmatchetag':
      // The C# SDK puts the twin's etag into `eTag`.
      target.amend(
        changedTwin(target, twin, requiredEtag(property(entry, 'twinETag') ?? property(entry, 'eTag')), deviceId, now),
      );
      return;
    default:
      throw new Refused('ArgumentInvalid', `The importMode '${String(mode).slice(0, 100)}' is not supported.`);
  }
}

function changedTwin(
  target: Target,
  wanted: WantedTwin,
  etag: string | undefined,
  deviceId: string,
  now: number,
): TwinState {
  requireTwinEtag(target.twin(), etag, deviceId);
  return patchedTwin(target.twin(), wanted, now);
}

function deviceTarget(registry: IdentityRegistry, deviceId: string, entry: JsonObject): Target {
  return {
    exists: () => registry.find(deviceId) !== undefined,
    create(twin) {
      registry.createUnchecked(wantedIdentity(deviceId, entry));
      if (twin !== undefined) registry.amend(deviceId, { twin });
    },
    update: (etag) => registry.update(wantedIdentity(deviceId, entry), etag),
    remove: (etag) => registry.remove(deviceId, etag),
    twin: () => registry.get(deviceId).twin,
    amend: (twin) => registry.amend(deviceId, { twin }),
    twinTime: () => never,
  };
}

function moduleTarget(registry: IdentityRegistry, deviceId: string, moduleId: string, entry: JsonObject): Target {
  return {
    exists: () => modulesOf(registry.get(deviceId)).some((module) => module.moduleId === moduleId),
    create: (twin) => createModule(registry, deviceId, wantedModule(moduleId, entry), twin),
    update: (etag) => updateModule(registry, deviceId, wantedModule(moduleId, entry), etag),
    remove: (etag) => removeModule(registry, deviceId, moduleId, etag),
    twin: () => moduleOf(registry.get(deviceId), moduleId).twin,
    amend: (twin) => amendModule(registry, deviceId, moduleId, twin),
    twinTime: () => new Date(registry.clock()).toISOString(),
  };
}

/** If `twinETag` is given, it is compared in every mode (documented for import jobs). */
function twinEtagIn(entry: JsonObject): string | undefined {
  return matchIn(property(entry, 'twinETag')).etag;
}
