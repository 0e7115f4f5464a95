import { describe, expect, it } from 'vitest';
import type { Disturb } from '../../src/emulator/trouble/disturbance.ts';
import { parseFaults } from '../../src/emulator/trouble/faults.ts';
import { operationsPerMinute, parseCapacity } from '../../src/model/capacity.ts';
import type { DeviceOutcome } from '../../src/model/plan.ts';
import type { Simulation } from '../support/simulation.ts';
import { fleet, isBulk, right } from './rig.ts';
import { simulation } from './simulated.ts';

const results = (outcomes: readonly DeviceOutcome[]) => [...new Set(outcomes.map(({ result }) => result))];

/** Whether the hub's devices are just as the fleet of `fleet` wants them. */
function areRight({ hub }: Simulation, count: number): boolean {
  return fleet(count).every(({ device }) => {
    const { primaryThumbprint, secondaryThumbprint } = hub.registry.get(device.id)!.authentication.x509Thumbprint;
    return primaryThumbprint === right[0] && secondaryThumbprint === right[1];
  });
}

describe('new devices on a throttled hub that has saved up nothing', () => {
  it.each([
    [10_000, 'S1x10', 'told', 0.97],
    [10_000, 'S3x1', 'told', 0.97],
    [1_000, 'S1x1', 'told', 0.97],
    [10_000, 'S1x10', 'not told', 0.85],
    [10_000, 'S3x1', 'not told', 0.85],
    [1_000, 'S1x1', 'not told', 0.85],
  ])(
    '%d on %s, which is %s, use at least %d of the quota, an operation each',
    async (count, size, told, share) => {
      const capacity = parseCapacity(size, 'size');
      const simulated = await simulation({ capacity, burstSeconds: 0 });
      const { hub, plan, apply } = simulated;
      const changes = await plan(fleet(count));
      const { outcomes, minutes, operations } = await apply(changes, told === 'told' ? capacity : undefined);
      // Over 1 where the hub takes the first call at once, and is paid afterwards.
      const used = count / operationsPerMinute(capacity).registry / minutes;
      const { throttled, requests } = hub.counts();
      console.log(
        `${count} on ${size}, ${told}: ${(100 * used).toFixed(1)}% of the quota, ${minutes.toFixed(1)} minutes, ${requests} requests, ${throttled} throttled`,
      );
      expect(results(outcomes)).toEqual(['created']);
      expect(used).toBeGreaterThanOrEqual(share);
      expect(operations).toBe(count);
      if (told === 'told') expect(throttled).toBe(0);
      expect((await apply(await plan(fleet(count)))).operations).toBe(0);
    },
    300_000,
  );

  it('on a hub that queues nothing and refuses at once are all created all the same', async () => {
    // A bucket of 20 seconds; whoever finds it empty is refused.
    let bucket = 333;
    let seen: number | undefined;
    let refused = 0;
    const disturb: Disturb = (call) => {
      if (!isBulk(call)) return undefined;
      const cost = Array.isArray(call.body) ? call.body.length : 0;
      bucket = Math.min(333, bucket + ((clock.now() - (seen ?? clock.now())) * 1_000) / 60_000);
      seen = clock.now();
      if (bucket < cost) {
        refused++;
        return { kind: 'refuse', code: 'ThrottlingBacklogTimeout' };
      }
      bucket -= cost;
      return undefined;
    };
    const { plan, apply, clock } = await simulation({ disturb });
    const { outcomes, minutes } = await apply(await plan(fleet(5_000)));
    console.log(`5,000 at 1,000 a minute, nothing queued: ${minutes.toFixed(1)} minutes, ${refused} refused`);
    expect(results(outcomes)).toEqual(['created']);
    expect(minutes).toBeLessThan(8);
  }, 300_000);
});

describe('faults', () => {
  it.each([1, 2, 3])(
    'of a twentieth of all calls cost at most 1.02 operations a device: seed %d',
    async (seed) => {
      const spec = `429:1%,500:0.5%,503:0.5%,504:0.5%,reset-before:0.5%,reset-after:0.5%,hang:0.5%,truncated:0.5%,slow:0.5%,seed:${seed}`;
      const simulated = await simulation({ faults: parseFaults(spec, 'faults'), visibilityLagMs: 3_000 });
      const { plan, apply } = simulated;
      const { outcomes, operations, minutes } = await apply(await plan(fleet(10_000)));
      console.log(`5% faults, seed ${seed}: ${operations / 10_000} operations a device, ${minutes.toFixed(1)} minutes`);
      expect(results(outcomes)).toEqual(['created']);
      expect(operations / 10_000).toBeLessThanOrEqual(1.02);
      expect(areRight(simulated, 10_000)).toBe(true);
    },
    300_000,
  );

  it.each([1, 2, 3])(
    'of a fifth of all calls lose no device of 1,000, and none is told wrongly: seed %d',
    async (seed) => {
      const spec = `429:4%,500:2%,503:2%,504:2%,reset-before:2%,reset-after:2%,hang:2%,truncated:2%,slow:2%,seed:${seed}`;
      const simulated = await simulation({ faults: parseFaults(spec, 'faults'), visibilityLagMs: 3_000 });
      const { hub, plan, apply } = simulated;
      for (let n = 0; n < 300; n++) hub.registry.put({ deviceId: `edge-${n}`, capabilities: { iotEdge: true } });
      await simulated.clock.sleep(10_000);
      const changes = await plan(fleet(1_000));
      const { outcomes, fault, minutes } = await apply(changes);
      console.log(`20% faults, seed ${seed}: ${minutes.toFixed(1)} minutes, ${hub.counts().requests} requests`);
      expect(fault).toBeUndefined();
      const told = new Map(outcomes.map(({ device, result, reason }) => [device, [result, reason]]));
      for (const { id, kind } of changes)
        expect(told.get(id)).toEqual([kind === 'create' ? 'created' : 'updated', undefined]);
      expect(areRight(simulated, 1_000)).toBe(true);
    },
    300_000,
  );
});
