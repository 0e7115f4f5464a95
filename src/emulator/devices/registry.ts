import { Refused } from '../wire/errors.ts';
import { type Births, createBirths } from './birth.ts';
import { type Identity, requireEtag, type WantedIdentity } from './identity.ts';
import { laggingView } from './lagging-view.ts';
import { isRuntimeModule } from './module.ts';
import { hasScope, ownScope, requireParent, scopes } from './scopes.ts';

/** Where time and chance come from, and who is told of every change (`undefined`: the device is gone). */
export interface Surroundings {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly randomBytes: (length: number) => Buffer;
  /** How long queries and statistics lag behind, in milliseconds. */
  readonly visibilityLagMs: number;
  readonly changed: (deviceId: string, identity: Identity | undefined) => void;
}

/** The identities of one hub, and the service's rules for changing them. Everything is synchronous, so that a call is atomic. */
export interface IdentityRegistry {
  /** Throws `Refused` DeviceNotFound. */
  get(deviceId: string): Identity;
  find(deviceId: string): Identity | undefined;
  /** How many there are. */
  size(): number;
  /** Every identity, oldest first. */
  all(): Iterable<Identity>;
  /** What queries see: the registry as it was `visibilityLagMs` ago, oldest first. */
  visible(): Iterable<Identity>;
  /** Throws `Refused` DeviceAlreadyExists. */
  create(wanted: WantedIdentity): Identity;
  /** Replaces the whole identity. `etag` undefined: whatever is there. Throws `Refused` where the service refuses. */
  update(wanted: WantedIdentity, etag: string | undefined): Identity;
  remove(deviceId: string, etag: string | undefined): void;
  /**
   * Writes as another client would that read the device a moment ago: creates, or replaces keeping the device's own scope.
   * A parent may be one that another client is yet to create.
   */
  put(wanted: WantedIdentity): Identity;
  /** Creates from a copy of a hub: an edge device keeps the scope it had there. Throws `Refused` DeviceAlreadyExists. */
  restore(wanted: WantedIdentity): Identity;
  /** Whether some edge device has this scope. */
  hasScope(scope: string): boolean;
  /** Replaces what hangs on a device, its twin or its modules; the identity and its etag stay. */
  amend(deviceId: string, change: Pick<Identity, 'twin'> | Pick<Identity, 'modules'>): Identity;
  /** Removes every device. */
  clear(): void;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** What a new identity gets from the hub; for modules. */
  readonly births: Births;
}

export function createRegistry(stored: Iterable<Identity>, surroundings: Surroundings): IdentityRegistry {
  const live = new Map<string, Identity>();
  for (const identity of stored) live.set(identity.deviceId, identity);
  const births = createBirths(live.values(), surroundings);
  const view = laggingView(live, surroundings);

  function keep(identity: Identity): Identity {
    live.set(identity.deviceId, identity);
    changed(identity.deviceId, identity);
    return identity;
  }

  function changed(deviceId: string, identity: Identity | undefined): void {
    view.follow(deviceId, identity);
    surroundings.changed(deviceId, identity);
  }

  function get(deviceId: string): Identity {
    const identity = live.get(deviceId);
    if (identity === undefined) throw new Refused('DeviceNotFound', deviceId);
    return identity;
  }

  function insert(wanted: WantedIdentity, scopeBefore: string | undefined): Identity {
    if (live.has(wanted.deviceId)) {
      throw new Refused('DeviceAlreadyExists', `A device with ID '${wanted.deviceId}' is already registered.`);
    }
    const birth = births.next();
    return keep({
      deviceId: wanted.deviceId,
      ...birth,
      status: wanted.status,
      statusReason: wanted.statusReason,
      authentication: wanted.authentication ?? births.keys(),
      ...scopes(wanted, scopeBefore ?? ownScope(wanted.deviceId, birth.generationId), undefined),
    });
  }

  function replace(current: Identity, wanted: WantedIdentity): Identity {
    const moved = current.status !== wanted.status;
    const statusUpdatedTime = moved ? new Date(surroundings.clock()).toISOString() : current.statusUpdatedTime;
    return keep({
      deviceId: current.deviceId,
      generationId: current.generationId,
      version: current.version + 1,
      status: wanted.status,
      statusReason: wanted.statusReason,
      ...(statusUpdatedTime === undefined ? {} : { statusUpdatedTime }),
      authentication: wanted.authentication ?? births.keys(),
      // A leaf that becomes an edge device gets a scope without ticks (reported from a live hub).
      ...scopes(wanted, ownScope(current.deviceId, ''), current),
      ...attachments(current, wanted.edge),
    });
  }

  return {
    births,
    clock: surroundings.clock,
    get,
    create(wanted) {
      if (!live.has(wanted.deviceId)) requireParent(live, wanted, undefined);
      return insert(wanted, undefined);
    },
    find: (deviceId) => live.get(deviceId),
    size: () => live.size,
    all: () => live.values(),
    visible: () => view.identities(),
    update(wanted, etag) {
      const current = get(wanted.deviceId);
      requireEtag(current, etag);
      if (current.edge && wanted.edge && wanted.deviceScope !== current.deviceScope) {
        throw new Refused('ArgumentInvalid', 'Device scope is immutable');
      }
      requireParent(live, wanted, current);
      return replace(current, wanted);
    },
    remove(deviceId, etag) {
      requireEtag(get(deviceId), etag);
      live.delete(deviceId);
      changed(deviceId, undefined);
    },
    put(wanted) {
      const current = live.get(wanted.deviceId);
      return current === undefined ? insert(wanted, undefined) : replace(current, wanted);
    },
    restore(wanted) {
      const before = wanted.deviceScope;
      return insert(wanted, before?.startsWith(ownScope(wanted.deviceId, '')) ? before : undefined);
    },
    hasScope: (scope) => hasScope(live, scope),
    amend: (deviceId, change) => keep({ ...get(deviceId), ...change }),
    clear() {
      for (const deviceId of [...live.keys()]) {
        live.delete(deviceId);
        changed(deviceId, undefined);
      }
    },
  };
}

/** What hangs on a device outlives an update of its identity; the runtime's modules go when it is no edge device any more. */
function attachments(current: Identity, edge: boolean): Pick<Identity, 'twin' | 'modules'> {
  const modules = edge
    ? current.modules
    : current.modules?.filter(({ moduleId }) => !isRuntimeModule(current, moduleId));
  return {
    ...(current.twin === undefined ? {} : { twin: current.twin }),
    ...(modules === undefined || modules.length === 0 ? {} : { modules }),
  };
}
