import { Refused } from '../wire/errors.ts';
import { type Births, createBirths } from './birth.ts';
import { type Identity, requireEtag, type WantedIdentity } from './identity.ts';
import { laggingView } from './lagging-view.ts';
import { isRuntimeModule } from './module.ts';
import { hasScope, ownScope, requireOtherScope, requireParent, scopes } from './scopes.ts';

/** The sources of time and chance, and who is called with every change (`undefined`: the device was removed). */
export interface Surroundings {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly randomBytes: (length: number) => Buffer;
  /** How long queries and statistics lag behind, in milliseconds. */
  readonly visibilityLagMs: number;
  readonly changed: (deviceId: string, identity: Identity | undefined) => void;
}

/**
 * The identities of one hub, with the service's rules for changing them. Everything is synchronous, so a call is
 * atomic.
 */
export interface IdentityRegistry {
  /** Throws `Refused` DeviceNotFound. */
  get(deviceId: string): Identity;
  find(deviceId: string): Identity | undefined;
  /** Number of devices. */
  size(): number;
  /** Every identity, oldest first. */
  all(): Iterable<Identity>;
  /** What queries see: the registry as it was `visibilityLagMs` ago, oldest first. */
  visible(): Iterable<Identity>;
  /** Throws `Refused`: DeviceAlreadyExists, or ArgumentInvalid for a parent that does not exist. */
  create(wanted: WantedIdentity): Identity;
  /**
   * Creates a device of a bulk, whose parent may be one that does not exist: Microsoft's C# SDK tests that (AddDevices2Async).
   * Throws `Refused` DeviceAlreadyExists.
   */
  createUnchecked(wanted: WantedIdentity): Identity;
  /** Replaces the whole identity. `etag` undefined: any etag fits. Throws `Refused` if the service refuses. */
  update(wanted: WantedIdentity, etag: string | undefined): Identity;
  remove(deviceId: string, etag: string | undefined): void;
  /**
   * Writes like another client that has just read the device: creates it, or replaces it and keeps its own scope. A
   * parent may be one that does not exist yet.
   */
  put(wanted: WantedIdentity): Identity;
  /** Creates a device from a copy of a hub. An edge device keeps its scope. Throws `Refused` DeviceAlreadyExists. */
  restore(wanted: WantedIdentity): Identity;
  /** Whether some edge device has this scope. */
  hasScope(scope: string): boolean;
  /** Replaces the twin or the modules of a device. Its identity and etag stay. */
  amend(deviceId: string, change: Pick<Identity, 'twin'> | Pick<Identity, 'modules'>): Identity;
  /**
   * Replaces a device by itself with what configurations have made of it. `kept`: whether something changes that is kept
   * on disk.
   */
  deploy(device: Identity, kept: boolean): void;
  /** Removes every device. */
  clear(): void;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** What the hub gives to a new identity. Modules use it too. */
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
    createUnchecked: (wanted) => insert(wanted, undefined),
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
      requireOtherScope(wanted, current);
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
    deploy(device, kept) {
      live.set(device.deviceId, device);
      if (kept) changed(device.deviceId, device);
      else view.follow(device.deviceId, device);
    },
    clear() {
      for (const deviceId of [...live.keys()]) {
        live.delete(deviceId);
        changed(deviceId, undefined);
      }
    },
  };
}

/**
 * The twin and the modules, which an update of the identity keeps. The runtime's modules go if it is no longer an edge
 * device.
 */
function attachments(current: Identity, edge: boolean): Pick<Identity, 'twin' | 'modules' | 'configurations'> {
  const modules = edge
    ? current.modules
    : current.modules?.filter(({ moduleId }) => !isRuntimeModule(current, moduleId));
  return {
    ...(current.twin === undefined ? {} : { twin: current.twin }),
    ...(modules === undefined || modules.length === 0 ? {} : { modules }),
    ...(current.configurations === undefined ? {} : { configurations: current.configurations }),
  };
}
