import { describe, expect, it } from 'vitest';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import type { Disturb } from '../../src/emulator/trouble/disturbance.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import { wanted } from '../plan/devices.ts';
import { said } from '../support/fault.ts';
import { bulks, everyBulk, fleet, isBulk, isPatch, pressed, useRig } from './rig.ts';

const rig = useRig();
/** What such a run says of each device that it did not write. */
const why = pressed('its time is over').fault();

/** Pressed when a call comes for which `when` holds; the call itself goes on. */
function stoppedAt(when: (calls: number) => boolean, stop: StopSwitch): Disturb {
  let calls = 0;
  return (call) => {
    if (isBulk(call) && when(++calls)) stop.press('its time is over', { hurried: false });
    return undefined;
  };
}

function counted(outcomes: Readonly<Record<string, string>>) {
  const counts: Record<string, number> = {};
  for (const result of Object.values(outcomes)) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
}

describe('a run that is stopped', () => {
  it('before it writes writes nothing', async () => {
    rig.seed('edge-0');
    const changes = await rig.plan(fleet(300));
    const stop = new StopSwitch();
    stop.press('its time is over', { hurried: false });
    const run = await rig.apply(changes, { stop });
    expect(counted(run.outcomes)).toEqual({ failed: 300 });
    expect(new Set(Object.values(run.reasons))).toEqual(new Set([why.message]));
    expect(run.fault).toMatchObject({ ...said(why), kind: 'stopped' });
    expect(rig.operations()).toBe(0);
  });

  it('waits for what is under way, begins nothing new, and the next run does exactly the rest', async () => {
    const changes = await rig.plan(fleet(1000));
    const stop = new StopSwitch();
    rig.disturb = stoppedAt((calls) => calls === 3, stop);
    const run = await rig.apply(changes, { stop });
    const { created = 0, failed = 0, ...others } = counted(run.outcomes);
    expect(others).toEqual({});
    expect(created).toBeLessThanOrEqual(700);
    expect([created + failed, rig.operations()]).toEqual([1000, created]);
    rig.disturb = undefined;
    expect(counted((await rig.provision(...fleet(1000))).outcomes)).toEqual({ created: failed });
    expect(rig.operations()).toBe(1000);
  });

  it('counts as unknown what is not answered when nobody waits any more, and reads nothing back', async () => {
    const changes = await rig.plan(fleet(30));
    rig.calls.length = 0;
    const stop = new StopSwitch();
    rig.disturb = (call) => {
      if (!isBulk(call)) return undefined;
      setTimeout(() => stop.press('its time is over', { hurried: true }), 10);
      setTimeout(() => stop.giveUpWaiting(), 20);
      return { kind: 'hang', when: 'after' };
    };
    const run = await rig.apply(changes, { stop });
    expect(counted(run.outcomes)).toEqual({ unknown: 30 });
    expect(new Set(Object.values(run.reasons))).toEqual(new Set([why.message]));
    expect(rig.calls).toHaveLength(1);
    // It was carried out, as the next run sees.
    rig.disturb = undefined;
    expect((await rig.provision(...fleet(30))).outcomes).toEqual({});
  });

  it('while it waits for a throttled hub ends at once', async () => {
    const changes = await rig.plan(fleet(2));
    const stop = new StopSwitch();
    rig.disturb = everyBulk({ kind: 'refuse', code: 'ThrottlingBacklogTimeout' });
    const run = await rig.apply(changes, { stop, waiting: () => stop.press('its time is over', { hurried: true }) });
    expect(counted(run.outcomes)).toEqual({ failed: 2 });
    expect(run.sleeps).toHaveLength(1);
  });

  it('leaves unknown what was sent before and never answered', async () => {
    const changes = await rig.plan(fleet(1));
    const stop = new StopSwitch();
    rig.disturb = bulks({ kind: 'close', when: 'before' });
    const run = await rig.apply(changes, { stop, waiting: () => stop.press('its time is over', { hurried: true }) });
    expect(run.outcomes).toEqual({ 'edge-0': 'unknown' });
  });

  it('after the registrations leaves tags for the next run', async () => {
    const site = wanted({ id: 'edge-1', tags: { site: 'berlin' } });
    rig.seed('edge-1');
    const changes = await rig.plan([site]);
    const stop = new StopSwitch();
    rig.disturb = stoppedAt(() => true, stop);
    const run = await rig.apply(changes, { stop });
    expect(run.outcomes).toEqual({ 'edge-1': 'failed' });
    expect(run.reasons['edge-1']).toBe(outcomeReason.tagsNotWritten({ registered: true, why: why.message }));
    expect(rig.calls.filter(isPatch)).toEqual([]);
    rig.disturb = undefined;
    expect((await rig.provision(site)).tagged).toEqual(['edge-1']);
  });

  it('takes the children of a parent that was not written along', async () => {
    const changes = await rig.plan([wanted({ id: 'a' }), wanted({ id: 'b', parent: 'a' })]);
    const stop = new StopSwitch();
    stop.press('its time is over', { hurried: false });
    const run = await rig.apply(changes, { stop });
    expect(run.outcomes).toEqual({ a: 'failed', b: 'failed' });
    expect(run.reasons.b).toBe(why.message);
  });
});
