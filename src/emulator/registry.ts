import { Refused } from './errors.ts';
import { type Authentication, epochTicks, etagOf, type Identity, type WantedIdentity } from './identity.ts';

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
  /** Every identity, oldest first. */
  all(): Iterable<Identity>;
  /** What queries see: the registry as it was `visibilityLagMs` ago, oldest first. */
  visible(): Iterable<Identity>;
  /** Throws `Refused` DeviceAlreadyExists. */
  create(wanted: WantedIdentity): Identity;
  /** Replaces the whole identity. `etag` undefined: whatever is there. Throws `Refused` where the service refuses. */
  update(wanted: WantedIdentity, etag: string | undefined): Identity;
  remove(deviceId: string, etag: string | undefined): void;
  /** Writes as another client would that read the device a moment ago: creates, or replaces keeping the device's own scope. */
  put(wanted: WantedIdentity): Identity;
}

export function createRegistry(stored: Iterable<Identity>, surroundings: Surroundings): IdentityRegistry {
  const live = new Map<string, Identity>();
  let lastTicks = 0n;
  for (const identity of stored) {
    live.set(identity.deviceId, identity);
    const ticks = BigInt(identity.generationId);
    if (ticks > lastTicks) lastTicks = ticks;
  }
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

  function create(wanted: WantedIdentity): Identity {
    if (live.has(wanted.deviceId)) {
      throw new Refused('DeviceAlreadyExists', `A device with ID '${wanted.deviceId}' is already registered.`);
    }
    const now = BigInt(Math.trunc(surroundings.clock())) * 10_000n + epochTicks;
    lastTicks = now > lastTicks ? now : lastTicks + 1n;
    return keep({
      deviceId: wanted.deviceId,
      generationId: String(lastTicks),
      // Counters start anywhere, so that the etag of one device never fits another.
      version: surroundings.randomBytes(4).readUInt32BE() >>> 2,
      status: wanted.status,
      statusReason: wanted.statusReason,
      authentication: wanted.authentication ?? newKeys(),
      ...scopes(wanted, undefined, String(lastTicks)),
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
      authentication: wanted.authentication ?? newKeys(),
      ...scopes(wanted, current, ''),
    });
  }

  function newKeys(): Authentication {
    const key = () => surroundings.randomBytes(32).toString('base64');
    return { type: 'sas', primary: key(), secondary: key() };
  }

  return {
    get,
    create,
    find: (deviceId) => live.get(deviceId),
    all: () => live.values(),
    visible: () => view.identities(),
    update(wanted, etag) {
      const current = get(wanted.deviceId);
      requireEtag(current, etag);
      if (current.edge && wanted.edge && wanted.deviceScope !== current.deviceScope) {
        throw new Refused('ArgumentInvalid', 'Device scope is immutable');
      }
      return replace(current, wanted);
    },
    remove(deviceId, etag) {
      requireEtag(get(deviceId), etag);
      live.delete(deviceId);
      changed(deviceId, undefined);
    },
    put(wanted) {
      const current = live.get(wanted.deviceId);
      return current === undefined ? create(wanted) : replace(current, wanted);
    },
  };
}

function requireEtag(current: Identity, etag: string | undefined): void {
  if (etag === undefined || etag === etagOf(current)) return;
  const version = Buffer.from(etag, 'base64').toString();
  throw new Refused(
    'PreconditionFailed',
    'Precondition failed: Device version did not match, ' +
      `existingVersion:${current.version} newVersion:${/^\d+$/.test(version) ? version : 0}`,
  );
}

/**
 * An edge device has a scope of its own, made by the hub, and its parent in `parentScopes`; a leaf device has its parent's scope as
 * `deviceScope`, which the hub repeats in `parentScopes`. A scope that a client makes up for an edge device is ignored, and a leaf
 * that becomes an edge device gets one without ticks (both reported from a live hub).
 */
function scopes(
  wanted: WantedIdentity,
  current: Identity | undefined,
  ticks: string,
): Pick<Identity, 'edge' | 'deviceScope' | 'parentScopes'> {
  if (wanted.edge) {
    const own = current?.edge ? current.deviceScope : undefined;
    const parents = wanted.parentScopes ?? [];
    return {
      edge: true,
      deviceScope: own ?? `ms-azure-iot-edge://${wanted.deviceId}-${ticks}`,
      ...(parents.length === 0 ? {} : { parentScopes: parents }),
    };
  }
  const formerOwn = current?.edge ? current.deviceScope : undefined;
  const parent = wanted.deviceScope === formerOwn ? undefined : wanted.deviceScope;
  return parent ? { edge: false, deviceScope: parent, parentScopes: [parent] } : { edge: false };
}

interface LaggingView {
  follow(deviceId: string, identity: Identity | undefined): void;
  identities(): Iterable<Identity>;
}

/** The registry as queries see it: every change shows once it is old enough. Without a lag it is the registry itself. */
function laggingView(live: ReadonlyMap<string, Identity>, { clock, visibilityLagMs }: Surroundings): LaggingView {
  if (visibilityLagMs <= 0) return { follow: () => {}, identities: () => live.values() };
  const seen = new Map(live);
  let waiting: { readonly due: number; readonly deviceId: string; readonly identity: Identity | undefined }[] = [];
  return {
    follow(deviceId, identity) {
      waiting.push({ due: clock() + visibilityLagMs, deviceId, identity });
    },
    identities() {
      const now = clock();
      const firstYoung = waiting.findIndex((change) => change.due > now);
      const ripe = firstYoung === -1 ? waiting : waiting.slice(0, firstYoung);
      waiting = firstYoung === -1 ? [] : waiting.slice(firstYoung);
      for (const { deviceId, identity } of ripe) {
        if (identity === undefined) seen.delete(deviceId);
        else seen.set(deviceId, identity);
      }
      return seen.values();
    },
  };
}
