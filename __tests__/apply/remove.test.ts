import { describe, expect, it } from 'vitest';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import type { Disturbance } from '../../src/emulator/trouble/disturbance.ts';
import type { Change } from '../../src/model/plan.ts';
import { removalMark } from '../../src/plan/status.ts';
import { digest, ours, twinOf } from '../plan/devices.ts';
import { bulks, everyBulk, fleet, isBulk, pressed, reasonOf, useRig } from './rig.ts';

const rig = useRig();

/** Devices that are no longer declared. */
async function gone(kind: 'disable' | 'delete', count: number): Promise<readonly Change[]> {
  for (const { device } of fleet(count)) {
    rig.seed(device.id, { primary: digest('new-1') });
    rig.tag(device.id, twinOf(ours).tags);
  }
  const changes = await rig.plan(fleet(count));
  rig.calls.length = 0;
  return changes.flatMap((change) =>
    change.kind === 'unchanged'
      ? [{ kind, id: change.id, hub: change.hub, owner: ours, found: change.found, reasons: [] }]
      : [],
  );
}

const isGone = (kind: string, id: string) =>
  kind === 'delete' ? rig.state(id) === undefined : rig.state(id)?.[3] === removalMark;

describe.each(['disable', 'delete'] as const)('to %s devices', (kind) => {
  it('goes by bulks, and tells how far it is', async () => {
    const run = await rig.apply(await gone(kind, 250));
    expect(new Set(Object.values(run.outcomes))).toEqual(new Set(['removed']));
    expect(rig.calls.filter(isBulk)).toHaveLength(3);
    expect(run.progress.at(-1)).toEqual([250, 0]);
  });

  it.each<[string, Disturbance, number]>([
    ['lost before', { kind: 'close', when: 'before' }, 2],
    ['lost after', { kind: 'close', when: 'after' }, 1],
    ['throttled', { kind: 'refuse', code: 'ThrottlingBacklogTimeout' }, 2],
    ['a fault of the service', { kind: 'refuse', code: 'ServiceUnavailable' }, 2],
  ])('succeeds where the first call is %s', async (_, trouble, calls) => {
    const changes = await gone(kind, 2);
    rig.disturb = bulks(trouble);
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ 'edge-0': 'removed', 'edge-1': 'removed' });
    expect(fleet(2).every(({ device }) => isGone(kind, device.id))).toBe(true);
    expect(rig.calls.filter(isBulk)).toHaveLength(calls);
  });

  it('leaves unknown what was never answered, and failed what was never taken', async () => {
    const changes = await gone(kind, 1);
    rig.disturb = everyBulk({ kind: 'close', when: 'before' });
    expect((await rig.apply(changes)).outcomes).toEqual({ 'edge-0': 'unknown' });
    rig.disturb = everyBulk({ kind: 'refuse', code: 'ThrottlingBacklogTimeout' });
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ 'edge-0': 'failed' });
    expect(run.reasons['edge-0']).toMatch(reasonOf((why) => outcomeReason.givenUp({ tries: 10, why }), /429, .*/));
  });

  it('ends where the hub refuses us, and where the run is stopped', async () => {
    const changes = await gone(kind, 1);
    rig.disturb = everyBulk({ kind: 'refuse', code: 'IotHubUnauthorizedAccess' });
    const refused = await rig.apply(changes);
    expect([refused.outcomes, refused.reasons['edge-0']]).toEqual([{ 'edge-0': 'failed' }, refused.fault?.message]);
    const stopped = await rig.apply(changes, { stop: pressed('SIGINT') });
    expect(stopped.reasons).toEqual({ 'edge-0': pressed('SIGINT').fault().message });
    expect(isGone(kind, 'edge-0')).toBe(false);
  });

  it('tries again when the device cannot be read back at first', async () => {
    const changes = await gone(kind, 1);
    rig.disturb = (call) => {
      const writes = rig.calls.filter(isBulk).length;
      if (isBulk(call)) return writes === 1 ? { kind: 'close', when: 'before' } : undefined;
      const readsBack = call.path.startsWith('/devices/');
      return writes === 1 && readsBack ? { kind: 'refuse', code: 'ServiceUnavailable' } : undefined;
    };
    expect((await rig.apply(changes)).outcomes).toEqual({ 'edge-0': 'removed' });
  });
});
