import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { apply } from '../../src/apply/apply.ts';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { Disturb, Disturbance, DisturbedCall } from '../../src/emulator/trouble/disturbance.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { openRegistry } from '../../src/hub/registry.ts';
import type { Fault } from '../../src/model/fault.ts';
import type { JsonObject } from '../../src/model/fleet.ts';
import type { Identity } from '../../src/model/identity.ts';
import type { Owner } from '../../src/model/owner.ts';
import type { Change, DeviceOutcome } from '../../src/model/plan.ts';
import type { Registry } from '../../src/model/registry.ts';
import { type Stop, StopSwitch } from '../../src/model/stop.ts';
import { plan } from '../../src/plan/plan.ts';
import { digest, idOf, wanted } from '../plan/devices.ts';

export interface Run {
  readonly outcomes: Readonly<Record<string, DeviceOutcome['result']>>;
  readonly reasons: Readonly<Record<string, string | undefined>>;
  readonly fault: Fault | undefined;
  /** The waits, in milliseconds. */
  readonly sleeps: readonly number[];
  readonly progress: readonly (readonly [done: number, failed: number])[];
  /** The devices whose tags were written. */
  readonly tagged: readonly string[];
  /** What became of the marks of owners, for the devices where something did. */
  readonly owners: Readonly<Record<string, DeviceOutcome['owner']>>;
}

export interface RunOptions {
  readonly attemptTimeoutMs?: number;
  /** The value of every random number. Default 0.5. */
  readonly random?: number;
  /** Called when nothing can be done but wait. */
  readonly waiting?: () => void;
  readonly stop?: Stop;
  /** The repository of the run. */
  readonly owner?: Owner;
}

/** What the other writer changes. `{}` changes only the etag. */
export interface Fields {
  readonly primary?: string;
  readonly secondary?: string;
  readonly status?: 'enabled' | 'disabled';
  readonly statusReason?: string | null;
  readonly parentScopes?: readonly string[];
}

/** One embedded hub for all tests of a file, which is emptied before each, and the real client for it. */
export interface Rig {
  readonly hub: EmbeddedHub;
  /** The calls since the hub was last emptied. */
  readonly calls: DisturbedCall[];
  disturb: Disturb | undefined;
  /** Reads the hub and plans, with everything allowed. */
  plan(identities: readonly Identity[]): Promise<readonly Change[]>;
  /** Applies changes. Waits end at once. `attemptTimeoutMs` is the time limit of one call, 60 s by default. */
  apply(changes: readonly Change[], options?: RunOptions): Promise<Run>;
  /** Plans and applies. */
  provision(...identities: readonly Identity[]): Promise<Run>;
  /** Creates a device with the thumbprints of `old-1` and `new-2`, of which one has to be replaced. */
  seed(id: string, fields?: Fields): void;
  /** A change by somebody else, who reads and writes at once. */
  change(id: string, fields: Fields): void;
  /** Primary and secondary thumbprint, status and reason of a device, as the hub has them. */
  state(id: string): readonly unknown[] | undefined;
  operations(): number;
  /** The tags of a device, as the hub has them. */
  tags(id: string): unknown;
  /** A change of the tags by somebody else: they are merged, and `null` removes one. */
  tag(id: string, tags: JsonObject): void;
}

/** To be called at the top of a test file. */
export function useRig(): Rig {
  let hub: EmbeddedHub;
  let before = 0;
  const rig: Rig = {
    get hub() {
      return hub;
    },
    calls: [],
    disturb: undefined,
    async plan(identities) {
      const registry = await open();
      const tags = identities.some(({ device }) => device.tags !== undefined) ? 'all' : 'none';
      const found = await registry.read(
        identities.map(({ device }) => device.id),
        { tags },
      );
      const limit = { kind: 'share', share: 1, text: '100%' } as const;
      const { value } = plan(registry.host, identities, found, { adopt: true, allowLockout: true, maxChanges: limit });
      return value;
    },
    async apply(changes, { attemptTimeoutMs, random = 0.5, waiting, stop = new StopSwitch(), owner } = {}) {
      const registry = await open(attemptTimeoutMs);
      const sleeps: number[] = [];
      const progress: [number, number][] = [];
      let time = 0;
      const { outcomes, fault } = await apply(changes, registry, {
        now: () => time,
        sleep: async (milliseconds) => {
          sleeps.push(milliseconds);
          time += milliseconds;
          waiting?.();
        },
        random: () => random,
        stop,
        owner,
        progress: ({ done, failed }) => progress.push([done, failed]),
      });
      const written = ['create', 'update', 'claim', 'disable', 'delete'];
      expect(outcomes).toHaveLength(changes.filter(({ kind }) => written.includes(kind)).length);
      const entries = outcomes.map(({ device, result, reason }) => ({ device, result, reason }));
      return {
        outcomes: Object.fromEntries(entries.map(({ device, result }) => [device, result])),
        reasons: Object.fromEntries(entries.map(({ device, reason }) => [device, reason])),
        fault,
        sleeps,
        progress,
        owners: Object.fromEntries(
          outcomes.flatMap((one) => (one.owner === undefined ? [] : [[one.device, one.owner]])),
        ),
        tagged: outcomes.filter(({ tags }) => tags === 'written').map(({ device }) => device),
      };
    },
    provision: async (...identities) => rig.apply(await rig.plan(identities)),
    seed(id, fields = {}) {
      hub.registry.put({ deviceId: id, ...body({ primary: digest('old-1'), secondary: digest('new-2'), ...fields }) });
    },
    change(id, fields) {
      const device = hub.registry.get(id);
      if (device === undefined) throw new Error(`no device ${id}`);
      const { primaryThumbprint, secondaryThumbprint } = device.authentication.x509Thumbprint;
      const now = {
        ...(primaryThumbprint === null ? {} : { primary: primaryThumbprint }),
        ...(secondaryThumbprint === null ? {} : { secondary: secondaryThumbprint }),
        status: device.status,
        statusReason: device.statusReason,
        parentScopes: device.parentScopes ?? [],
      };
      hub.registry.put({ deviceId: id, deviceScope: device.deviceScope, ...body({ ...now, ...fields }) });
    },
    state(id) {
      const device = hub.registry.get(id);
      if (device === undefined) return undefined;
      const { primaryThumbprint, secondaryThumbprint } = device.authentication.x509Thumbprint;
      return [primaryThumbprint, secondaryThumbprint, device.status, device.statusReason];
    },
    tags(id) {
      const twin = hub.registry.twin(id);
      return twin !== undefined && 'tags' in twin ? twin.tags : undefined;
    },
    tag: (id, tags) => hub.registry.patchTwin(id, { tags }),
    operations: () => hub.counts().registryWrites - before,
  };

  /** One client for each time limit, since making its TLS context takes longer than most runs. */
  const registries = new Map<number, Promise<Registry>>();
  function open(attemptTimeoutMs = 60_000): Promise<Registry> {
    const [credential] = readConnectionStrings(hub.connectionString);
    const options = { userAgent: 'test', ca: hub.ca, sleep: async () => {}, attemptTimeoutMs };
    const registry = registries.get(attemptTimeoutMs) ?? openRegistry(credential!, options);
    registries.set(attemptTimeoutMs, registry);
    return registry;
  }

  beforeAll(async () => {
    hub = await startHub({
      disturb: (call) => {
        rig.calls.push(call);
        return rig.disturb?.(call);
      },
    });
  });
  afterAll(async () => {
    for (const registry of registries.values()) (await registry).close();
    await hub.close();
  });
  beforeEach(() => {
    rig.disturb = undefined;
    rig.calls.length = 0;
    for (const { deviceId } of hub.registry.all()) hub.registry.remove(deviceId);
    before = hub.counts().registryWrites;
  });
  return rig;
}

function body({ primary, secondary, ...rest }: Fields) {
  return {
    status: 'enabled',
    capabilities: { iotEdge: true },
    authentication: {
      type: 'selfSigned',
      x509Thumbprint: { primaryThumbprint: primary ?? null, secondaryThumbprint: secondary ?? null },
    },
    ...rest,
  };
}

export function isBulk({ method, path }: DisturbedCall): boolean {
  return method === 'POST' && path === '/devices';
}

/** The entries of a bulk call. */
export function entriesOf({ body: entries }: DisturbedCall): readonly Record<string, unknown>[] {
  return Array.isArray(entries) ? entries : [];
}

/** Disturbs the first bulk calls, one by one. Later ones go through. */
export function bulks(...disturbances: readonly (Disturbance | undefined | (() => void))[]): Disturb {
  const rest = [...disturbances];
  return (call) => {
    const next = isBulk(call) ? rest.shift() : undefined;
    if (typeof next !== 'function') return next;
    next();
    return undefined;
  };
}

export function isPatch({ method }: DisturbedCall): boolean {
  return method === 'PATCH';
}

/** A stop that has already been asked for. `why` as in "the run was stopped: …". */
export function pressed(why: string): Stop {
  const stop = new StopSwitch();
  stop.press(why, { hurried: true });
  return stop;
}

/** Disturbs every bulk call in the same way. */
export function everyBulk(disturbance: Disturbance): Disturb {
  return (call) => (isBulk(call) ? disturbance : undefined);
}

/**
 * A pattern for a reason that holds words of the hub. `render` makes the reason around those words, and `why` says how they read as a
 * whole: `reasonOf((why) => outcomeReason.givenUp({ tries: 10, why }), /429, .+/)`.
 */
export function reasonOf(render: (why: string) => string, why: RegExp): RegExp {
  const [before = '', after = ''] = render('\0').split('\0').map(literally);
  return new RegExp(`^${before}${why.source}${after}$`, 's');
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

export function fleet(count: number): readonly Identity[] {
  const each = wanted();
  return Array.from({ length: count }, (_, n) => ({ ...each, device: { ...each.device, id: idOf(`edge-${n}`) } }));
}

/** The state of a device that is as `wanted()` wants it. */
export const right = [digest('new-1'), digest('new-2'), 'enabled', null];
