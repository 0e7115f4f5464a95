import { randomBytes, randomUUID } from 'node:crypto';
import { Fault, messageOf } from '../model/fault.ts';
import { type Body, refusalAnswer } from './answer.ts';
import { bearerKey, mintToken, type TokenWish } from './bearer.ts';
import type { Counts, Service } from './call.ts';
import { openDirectory } from './directory.ts';
import { type Disturb, reply } from './disturbance.ts';
import { type DeviceDocument, deviceDocument, wantedIdentity } from './identity.ts';
import { type JsonObject, property } from './json.ts';
import { type Handler, type Listener, listen } from './listener.ts';
import { createRegistry, type IdentityRegistry } from './registry.ts';
import type { PolicyKeys, PolicyName } from './rights.ts';
import { answer } from './routes.ts';
import { plantSeed, type Seed } from './seed.ts';
import { twinDocument } from './twin.ts';
import { patchedTwin, wantedTwin } from './twin-state.ts';

export interface HubOptions {
  /** 0, the default, takes the port of the last run in this directory, else any free one. */
  readonly port?: number | undefined;
  /** Keeps devices, keys, port and certificates over restarts; made if need be. One hub at a time may use it. */
  readonly directory?: string | undefined;
  /** How long queries and statistics lag behind the registry. The service takes 1.4 to 6 seconds; default 0. */
  readonly visibilityLagMs?: number | undefined;
  /** Milliseconds since 1970, for tokens and times of devices. TLS goes by the machine's clock all the same. */
  readonly clock?: (() => number) | undefined;
  /** What an empty hub begins with, and goes back to when it is reset. */
  readonly seed?: Seed | undefined;
  /** For tests: what goes wrong with which call. */
  readonly disturb?: Disturb | undefined;
}

export interface EmbeddedHub {
  /** `localhost:PORT`, as it stands in the connection strings. */
  readonly host: string;
  readonly url: string;
  /** Of the policy `iothubowner`, which may do everything. */
  readonly connectionString: string;
  readonly connectionStrings: Readonly<Record<PolicyName, string>>;
  /** The CA to trust, PEM. */
  readonly ca: string;
  /** The same in a file; absolute path. Without a directory it is gone after `close`. */
  readonly caFile: string;
  counts(): Counts;
  /** A bearer token that this hub takes, as it would one of Entra's: by default of a Data Contributor, for an hour. */
  mintToken(wish?: TokenWish): string;
  /** Removes every device, and plants the seed again. */
  reset(): void;
  /** The state itself, past HTTP, rights and counters: for tests to look at, and to act as another writer. */
  readonly registry: StateAccess;
  /** Cuts all connections, and writes the state to its directory. */
  close(): Promise<void>;
}

interface StateAccess {
  /** What `GET /devices/{id}` would answer. */
  get(deviceId: string): DeviceDocument | undefined;
  /** Oldest first. */
  all(): readonly DeviceDocument[];
  /** Creates or replaces, whatever the etag; takes the body of a PUT, `deviceId` in it. Throws `Refused` for an invalid one. */
  put(device: JsonObject): DeviceDocument;
  /** Throws `Refused` where there is none. */
  remove(deviceId: string): void;
  /** What `GET /twins/{id}` would answer. */
  twin(deviceId: string): object | undefined;
  /** As a PATCH of the twin, whatever its etag: `{ tags, properties: { desired } }`. Throws `Refused` where it is refused. */
  patchTwin(deviceId: string, twin: JsonObject): object;
}

/** Starts an IoT Hub registry on this machine. Throws `Fault` when the port is taken or the directory cannot be used. */
export async function startHub(options: HubOptions = {}): Promise<EmbeddedHub> {
  const clock = options.clock ?? Date.now;
  const directory = await openDirectory(options.directory, new Date());
  const { keys, journal, authority } = directory;
  const registry = createRegistry(journal?.identities ?? [], {
    clock,
    randomBytes,
    visibilityLagMs: options.visibilityLagMs ?? 0,
    changed: (deviceId, identity) => journal?.record(deviceId, identity),
  });
  const counts = { requests: 0, registryReads: 0, registryWrites: 0, queries: 0, twinReads: 0, twinWrites: 0 };
  const hosts: string[] = [];
  const plant = () => {
    if (options.seed !== undefined) plantSeed(registry, options.seed);
  };
  const reset = () => {
    registry.clear();
    plant();
  };
  const service: Service = { registry, keys, clock, hosts, counts, reset };
  const handle = handler(service, options.disturb, () => journal?.flush());

  const putAway = () => {
    journal?.close(registry.all());
    directory.release();
  };

  try {
    if (isEmpty(registry)) plant();
    journal?.flush();
  } catch (error) {
    putAway();
    throw error;
  }

  const listener = await listenAgain(options.port ?? 0, directory.port, authority.server, handle).catch((error) => {
    putAway();
    throw error;
  });
  directory.rememberPort(listener.port);
  const host = `localhost:${listener.port}`;
  // A client may leave the port out of what it signs, and call the hub by its addresses.
  for (const name of ['localhost', '127.0.0.1', '[::1]']) hosts.push(`${name}:${listener.port}`, name);

  const strings = connectionStrings(host, keys);
  return {
    host,
    url: `https://${host}`,
    connectionString: strings.iothubowner,
    connectionStrings: strings,
    ca: authority.ca,
    caFile: directory.caFile,
    counts: () => ({ ...counts }),
    mintToken(wish = {}) {
      return mintToken(wish, { key: bearerKey(keys.iothubowner), now: clock(), issuer: `https://${host}/` });
    },
    reset() {
      reset();
      journal?.flush();
    },
    registry: stateAccess(registry, () => journal?.flush()),
    async close() {
      await listener.close();
      putAway();
    },
  };
}

function isEmpty(registry: IdentityRegistry): boolean {
  for (const _ of registry.all()) return false;
  return true;
}

/** The port asked for; else the one of the last run, so that connection strings stay valid; else any. */
async function listenAgain(asked: number, last: number, pem: string, handle: Handler): Promise<Listener> {
  if (asked !== 0 || last === 0) return listen(asked, pem, handle);
  try {
    return await listen(last, pem, handle);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return listen(0, pem, handle);
  }
}

/** A change is on disk before its answer leaves. */
function handler(service: Service, disturb: Disturb | undefined, flush: () => void): Handler {
  return async (request, body, response) => {
    service.counts.requests += 1;
    const method = request.method ?? '';
    const target = request.url ?? '';
    const disturbance = await disturb?.({ method, path: target.split('?')[0] ?? '', ...parsedBody(body) });
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : value?.[0];
    };
    const carryOut = () => {
      const answered = answer({ method, target, header, body }, service);
      try {
        flush();
        return answered;
      } catch (error) {
        const text = `The change could not be written to the directory: ${messageOf(error)}`;
        return refusalAnswer(500, 'ServerError', text, randomUUID(), service.clock());
      }
    };
    reply(response, disturbance, carryOut, service.clock);
  };
}

function parsedBody(body: Body): { readonly body?: unknown } {
  return body.kind === 'json' ? { body: body.value } : {};
}

function stateAccess(registry: IdentityRegistry, flush: () => void): StateAccess {
  return {
    get(deviceId) {
      const identity = registry.find(deviceId);
      return identity === undefined ? undefined : deviceDocument(identity);
    },
    all: () => [...registry.all()].map(deviceDocument),
    put(device) {
      const written = registry.put(wantedIdentity(property(device, 'deviceId'), device));
      flush();
      return deviceDocument(written);
    },
    remove(deviceId) {
      registry.remove(deviceId, undefined);
      flush();
    },
    twin(deviceId) {
      const identity = registry.find(deviceId);
      return identity === undefined ? undefined : twinDocument(identity);
    },
    patchTwin(deviceId, body) {
      const twin = patchedTwin(registry.get(deviceId).twin, wantedTwin(body), registry.clock());
      const amended = registry.amend(deviceId, { twin });
      flush();
      return twinDocument(amended);
    },
  };
}

function connectionStrings(host: string, keys: PolicyKeys): Readonly<Record<PolicyName, string>> {
  const of = (policy: PolicyName) => `HostName=${host};SharedAccessKeyName=${policy};SharedAccessKey=${keys[policy]}`;
  return {
    iothubowner: of('iothubowner'),
    service: of('service'),
    device: of('device'),
    registryRead: of('registryRead'),
    registryReadWrite: of('registryReadWrite'),
  };
}
