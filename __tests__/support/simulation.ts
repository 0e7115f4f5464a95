import { type Applied, apply } from '../../src/apply/apply.ts';
import { type EmbeddedHub, type HubOptions, startHub } from '../../src/emulator/hub.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { openRegistry } from '../../src/hub/registry.ts';
import type { Capacity } from '../../src/model/capacity.ts';
import type { Identity } from '../../src/model/identity.ts';
import type { Change } from '../../src/model/plan.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import { plan } from '../../src/plan/plan.ts';
import { type SimulatedClock, simulatedClock } from './clock.ts';

/** A hub and a client on one simulated clock. */
export interface Simulation {
  readonly hub: EmbeddedHub;
  readonly clock: SimulatedClock;
  plan(identities: readonly Identity[]): Promise<readonly Change[]>;
  /** The run takes `minutes` of the simulated time, and `operations` of the registry, reads included. */
  apply(changes: readonly Change[], capacity?: Capacity): Promise<SimulatedRun>;
  close(): Promise<void>;
}

export interface SimulatedRun extends Applied {
  readonly minutes: number;
  readonly operations: number;
}

export async function openSimulation(options: HubOptions): Promise<Simulation> {
  const clock = simulatedClock();
  const hub = await startHub({ clock: clock.now, sleep: clock.sleep, ...options });
  const [credential] = readConnectionStrings(hub.connectionString);
  if (credential === undefined) throw new Error('the hub has no connection string');
  // Random numbers that are the same each time.
  let drawn = 1;
  const random = () => {
    drawn = (drawn * 48_271) % 2_147_483_647;
    return drawn / 2_147_483_647;
  };
  const registry = await openRegistry(credential, {
    userAgent: 'test',
    ca: hub.ca,
    clock: clock.now,
    sleep: clock.sleep,
    attemptTimer: clock.sleep,
    random,
  });
  const operations = () => hub.counts().registryReads + hub.counts().registryWrites;
  return {
    hub,
    clock,
    async plan(identities) {
      const found = await registry.read(identities.map(({ device }) => device.id));
      const maxChanges = { kind: 'share', share: 1, text: '100%' } as const;
      return plan(registry.host, identities, found, { adopt: true, allowLockout: true, maxChanges }).value;
    },
    async apply(changes, capacity) {
      const before = { time: clock.now(), operations: operations() };
      const { sleep, now } = clock;
      const stop = new StopSwitch();
      const applied = await apply(changes, registry, { now, sleep, random, stop, capacity, progress: () => {} });
      return { ...applied, minutes: (now() - before.time) / 60_000, operations: operations() - before.operations };
    },
    async close() {
      registry.close();
      await hub.close();
      clock.close();
    },
  };
}
