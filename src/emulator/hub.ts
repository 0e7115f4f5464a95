import { randomBytes } from 'node:crypto';
import type { Capacity } from '../model/capacity.ts';
import { Fault } from '../model/fault.ts';
import { allNames, type HubEndpoint } from '../model/hub-name.ts';
import { mintToken, type TokenWish } from './access/bearer.ts';
import type { PolicyKeys, PolicyName } from './access/rights.ts';
import { hubSecrets } from './access/secrets.ts';
import { createConfigurations } from './configurations/configurations.ts';
import { createEvaluation } from './configurations/evaluation.ts';
import { createRegistry } from './devices/registry.ts';
import { plantSeed, type Seed } from './devices/seed.ts';
import { type HubDirectory, openDirectory } from './disk/directory.ts';
import type { Service } from './http/call.ts';
import { type Counts, noCounts } from './http/counts.ts';
import { exchanges } from './http/exchange.ts';
import { type Handler, type Listener, listen } from './http/listener.ts';
import { createMetrics } from './http/metrics.ts';
import { importedPerMinute, jobLimits } from './jobs/capacity.ts';
import type { RefuseLine } from './jobs/import-lines.ts';
import { createJobs } from './jobs/jobs.ts';
import { createScheduledJobs } from './jobs/scheduled/scheduled-jobs.ts';
import { type StateAccess, stateAccess } from './state-access.ts';
import type { Disturb } from './trouble/disturbance.ts';
import { type Faults, seededFaults } from './trouble/faults.ts';
import { type Pace, pace, realSleep, type Sleep } from './trouble/pace.ts';
import { createThrottle } from './trouble/throttle.ts';

export interface HubOptions {
  /** Default 0: the port of the last run in this directory, or any free one. */
  readonly port?: number | undefined;
  /**
   * Host names beside localhost, such as `contoso.azure-devices.net`, which brings the hub's two other names. Clients may call the hub
   * by them if they find this machine there: by the machine's file of hosts, or by a proxy. The connection strings name the first.
   */
  readonly hosts?: readonly HubEndpoint[] | undefined;
  /**
   * Keeps devices, keys, port and certificates over restarts. It is created if it does not exist. Only one hub at a
   * time may use it.
   */
  readonly directory?: string | undefined;
  /** How long queries and statistics lag behind the registry. Default 0; the service takes 1.4 to 6 seconds. */
  readonly visibilityLagMs?: number | undefined;
  /**
   * How long after a change of a configuration or a device it is evaluated. Default 0: before the next call. The service
   * takes from moments to five minutes.
   */
  readonly evaluationLagMs?: number | undefined;
  /** Milliseconds since 1970, for tokens and for times of devices. TLS uses the machine's clock in any case. */
  readonly clock?: (() => number) | undefined;
  /** How the hub waits. Default: by the machine's clock. Tests give their own. */
  readonly sleep?: Sleep | undefined;
  /**
   * Seconds that pass at the hub in one second of its clock. It applies to everything that takes time: throttling,
   * jobs, slow answers, queries that lag. Tokens and times of devices use the clock itself. Default 1.
   */
  readonly speed?: number | undefined;
  /** The size whose quotas apply. If absent, nothing is throttled, and jobs take no longer than they need. */
  readonly capacity?: Capacity | undefined;
  /** The part of the quota that an idle hub has saved up, see `ThrottleOptions`. */
  readonly burstSeconds?: number | undefined;
  /** Faults that occur at random. */
  readonly faults?: Faults | undefined;
  /**
   * Replaces the managed identity by which jobs reach a container: returns the URL, with a signature, that the hub may
   * use.
   */
  readonly identity?: ((containerUri: string) => string) | undefined;
  /** The devices that an empty hub begins with, and has again after a reset. */
  readonly seed?: Seed | undefined;
  /** For tests: decides what goes wrong with each call. It replaces `faults`. */
  readonly disturb?: Disturb | undefined;
  /** For tests: decides which lines of import jobs are refused. */
  readonly refuseLine?: RefuseLine | undefined;
}

export interface EmbeddedHub {
  /** The host of the connection strings, such as `localhost:8443`. It has no port if that is 443, since most SDKs know no other. */
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** The connection string of the policy `iothubowner`, which may do everything. */
  readonly connectionString: string;
  readonly connectionStrings: Readonly<Record<PolicyName, string>>;
  /** The CA to trust, PEM. */
  readonly ca: string;
  /** Absolute path of a file with the same. Without a directory the file is deleted by `close`. */
  readonly caFile: string;
  counts(): Counts;
  /** The answer to `GET /metrics`. */
  metrics(): string;
  /**
   * A bearer token that this hub accepts like one of Entra's. By default it is a Data Contributor's and lasts an hour.
   */
  mintToken(wish?: TokenWish): string;
  /** Removes every device, and plants the seed again. */
  reset(): void;
  /**
   * Direct access to the state, without HTTP, rights and counters. Tests use it to look at the state and to act as
   * another writer.
   */
  readonly registry: StateAccess;
  /** Cuts all connections and writes the state to the directory. Further calls do nothing. */
  close(): Promise<void>;
}

/** Starts an IoT Hub registry on this machine. Throws `Fault` if the port is taken or the directory cannot be used. */
export async function startHub(options: HubOptions = {}): Promise<EmbeddedHub> {
  const names = (options.hosts ?? []).flatMap(allNames);
  const directory = await openDirectory(options.directory, new Date(), names);
  const { keys, journal, authority } = directory;
  const closing = new AbortController();
  const service = createService(options, directory);
  const { registry, counts, jobs, clock, hosts, metrics, secrets } = service;
  const handle = exchanges(service, {
    ...troubles(options, service, closing.signal),
    signal: closing.signal,
    flush: () => journal?.flush(),
  });

  const putAway = () => {
    // A job that waits would keep the process of a hub that cannot start.
    void service.scheduled.close();
    journal?.close(registry.all());
    directory.release();
  };

  try {
    if (registry.size() === 0 && options.seed !== undefined) plantSeed(registry, options.seed);
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
  const host = `${names[0] ?? 'localhost'}${listener.port === 443 ? '' : `:${listener.port}`}`;
  // A client may sign the name without the port, and call the hub by its addresses.
  for (const name of ['localhost', '127.0.0.1', '[::1]', ...names]) hosts.push(`${name}:${listener.port}`, name);

  const strings = connectionStrings(host, keys);
  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    closing.abort();
    await Promise.all([jobs.close(), service.scheduled.close()]);
    await listener.close();
    putAway();
  }

  return {
    host,
    port: listener.port,
    url: `https://${host}`,
    connectionString: strings.iothubowner,
    connectionStrings: strings,
    ca: authority.ca,
    caFile: directory.caFile,
    counts: () => ({ ...counts }),
    metrics: () => metrics.text(counts, registry.size()),
    mintToken(wish = {}) {
      return mintToken(wish, { key: secrets.tokens, now: clock(), issuer: `https://${host}/` });
    },
    reset() {
      service.reset();
      journal?.flush();
    },
    registry: stateAccess(service, () => journal?.flush()),
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/** Makes the parts of the hub that calls use. */
function createService(
  options: HubOptions,
  { keys, journal, jobs: jobStore, scheduled: scheduledStore, configurations: store }: HubDirectory,
): Service {
  const secrets = hubSecrets(keys);
  const { clock = Date.now, speed = 1, capacity, seed } = options;
  const registry = createRegistry(journal?.identities ?? [], {
    clock,
    randomBytes,
    visibilityLagMs: (options.visibilityLagMs ?? 0) / speed,
    changed(deviceId, identity) {
      journal?.record(deviceId, identity);
      evaluation.deviceChanged(deviceId);
    },
  });
  const evaluation = createEvaluation({ registry, clock, lagMs: (options.evaluationLagMs ?? 0) / speed });
  const configurations = createConfigurations({
    births: registry.births,
    clock,
    most: capacity?.tier === 'F1' ? 10 : 100,
    ...store,
    changed: evaluation.configurationChanged,
  });
  for (const configuration of store.stored) evaluation.configurationChanged(configuration.id, configuration);
  const counts = { ...noCounts };
  const jobs = createJobs({
    registry,
    clock,
    pace: paceOf(options),
    linesPerMinute: capacity === undefined ? undefined : importedPerMinute(capacity),
    ...jobStore,
    imported(lines) {
      counts.importedLines += lines;
      journal?.flush();
    },
    identity: options.identity,
    refuseLine: options.refuseLine,
  });
  const scheduled = createScheduledJobs({
    registry,
    pace: paceOf(options),
    limits: capacity === undefined ? undefined : jobLimits(capacity),
    ...scheduledStore,
    flush: () => journal?.flush(),
  });
  const reset = () => {
    jobs.clear();
    scheduled.clear();
    configurations.clear();
    registry.clear();
    if (seed !== undefined) plantSeed(registry, seed);
  };
  return {
    registry,
    secrets,
    clock,
    hosts: [],
    counts,
    metrics: createMetrics(),
    jobs,
    scheduled,
    configurations,
    evaluation,
    reset,
  };
}

function paceOf({ clock = Date.now, sleep = realSleep, speed = 1 }: HubOptions): Pace {
  return pace(clock, sleep, speed);
}

/** Makes the parts that let calls wait or fail. */
function troubles(options: HubOptions, { counts }: Service, signal: AbortSignal) {
  const { capacity, burstSeconds, faults } = options;
  const time = paceOf(options);
  const delays = {
    queued(milliseconds: number) {
      counts.queuedMilliseconds += milliseconds;
    },
    throttled() {
      counts.throttled += 1;
    },
  };
  return {
    pace: time,
    disturb: options.disturb ?? (faults === undefined ? undefined : seededFaults(faults)),
    throttle:
      capacity === undefined ? undefined : createThrottle({ capacity, burstSeconds, pace: time, delays, signal }),
  };
}

/**
 * Listens on the port asked for. If none is asked for, it tries the port of the last run, so that connection strings
 * stay valid, and then any.
 */
async function listenAgain(asked: number, last: number, pem: string, handle: Handler): Promise<Listener> {
  if (asked !== 0 || last === 0) return listen(asked, pem, handle);
  try {
    return await listen(last, pem, handle);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return listen(0, pem, handle);
  }
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
