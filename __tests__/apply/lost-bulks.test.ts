import { describe, expect, it } from 'vitest';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import type { Disturb, Disturbance } from '../../src/emulator/trouble/disturbance.ts';
import { digest } from '../plan/devices.ts';
import { bulks, entriesOf, fleet, isBulk, reasonOf, right, useRig } from './rig.ts';

const rig = useRig();
const lostBefore: Disturbance = { kind: 'close', when: 'before' };
const lostAfter: Disturbance = { kind: 'close', when: 'after' };

const reads = () => rig.calls.filter(({ method }) => method === 'GET').map(({ path }) => path);
const queries = () => rig.calls.filter(({ path }) => path === '/devices/query').length;

async function planned(kind: 'create' | 'update', count = 60) {
  if (kind === 'update') for (const { device } of fleet(count)) rig.seed(device.id);
  const changes = await rig.plan(fleet(count));
  expect(new Set(changes.map((change) => change.kind))).toEqual(new Set([kind]));
  rig.calls.length = 0;
  return changes;
}

describe.each(['create', 'update'] as const)('the lost answer to a bulk of 60 to %s', (kind) => {
  const done = new Set([`${kind}d`]);

  it('that was carried out costs a read and a query', async () => {
    const changes = await planned(kind);
    rig.disturb = bulks(lostAfter);
    const run = await rig.apply(changes);
    expect(new Set(Object.values(run.outcomes))).toEqual(done);
    expect([rig.operations(), queries()]).toEqual([60, 1]);
    expect(reads()).toEqual(['/devices/edge-59', '/statistics/devices']);
    expect(run.sleeps).toEqual([]);
  });

  it('that was not costs a read, and is sent again', async () => {
    const changes = await planned(kind);
    rig.disturb = bulks(lostBefore);
    const run = await rig.apply(changes);
    expect(new Set(Object.values(run.outcomes))).toEqual(done);
    expect([rig.operations(), queries(), reads()]).toEqual([60, 0, ['/devices/edge-59']]);
    expect(run.sleeps).toEqual([500]);
  });

  it('that may not be queried is read back device by device', async () => {
    const changes = await planned(kind);
    const first = bulks(lostAfter);
    const disturb: Disturb = (call) =>
      call.path === '/devices/query' ? { kind: 'refuse', code: 'IotHubUnauthorizedAccess' } : first(call);
    rig.disturb = disturb;
    const run = await rig.apply(changes);
    expect(new Set(Object.values(run.outcomes))).toEqual(done);
    expect(rig.operations()).toBe(60);
    // A query shows a device after up to 6 seconds: it is asked twice.
    expect(run.sleeps).toEqual([6_000]);
    expect(reads().filter((path) => path.startsWith('/devices/edge-'))).toHaveLength(60);
  });

  it('of which somebody changed a device meanwhile tells so of that one', async () => {
    const changes = await planned(kind);
    const first = bulks(lostAfter);
    rig.disturb = (call) => {
      if (call.path === '/devices/edge-59') rig.change('edge-7', { primary: digest('theirs') });
      return first(call);
    };
    const run = await rig.apply(changes);
    const { 'edge-7': theirs, ...others } = run.outcomes;
    expect(theirs).toBe('unknown');
    expect(new Set(Object.values(others))).toEqual(done);
    expect(rig.state('edge-7')?.[0]).toBe(digest('theirs'));
  });

  it('of which only a part was carried out ends well, each once', async () => {
    const changes = await planned(kind);
    const first = bulks(lostBefore);
    rig.disturb = (call) => {
      const disturbance = first(call);
      if (isBulk(call) && disturbance !== undefined) {
        for (const n of [3, 30]) {
          if (kind === 'create') rig.seed(`edge-${n}`, { primary: digest('new-1') });
          else rig.change(`edge-${n}`, { primary: digest('new-1') });
        }
      }
      return disturbance;
    };
    const run = await rig.apply(changes);
    expect(new Set(Object.values(run.outcomes))).toEqual(done);
    expect(fleet(60).map(({ device }) => rig.state(device.id))).toEqual(fleet(60).map(() => right));
  });
});

describe('a hub that goes away in the middle', () => {
  it('is waited for, and no device is lost', async () => {
    const changes = await planned('create', 500);
    let away = 0;
    rig.disturb = (call) => (isBulk(call) && ++away > 2 && away < 12 ? lostBefore : undefined);
    const run = await rig.apply(changes);
    expect(new Set(Object.values(run.outcomes))).toEqual(new Set(['created']));
    expect(rig.operations()).toBe(500);
    expect(run.fault).toBeUndefined();
  });

  it('for good is given up after ten tries, with its last word, however many devices are left', async () => {
    const changes = await planned('create', 3_000);
    rig.disturb = (call) => (isBulk(call) ? { kind: 'refuse', code: 'ThrottlingBacklogTimeout' } : undefined);
    const run = await rig.apply(changes);
    expect(new Set(Object.values(run.outcomes))).toEqual(new Set(['failed']));
    expect([...new Set(Object.values(run.reasons))]).toEqual([
      expect.stringMatching(
        reasonOf((why) => outcomeReason.givenUp({ tries: 10, why }), /429, ThrottlingBacklogTimeout.*/),
      ),
    ]);
    expect(rig.calls.filter(isBulk).length).toBeLessThan(40);
    expect(run.progress.at(-1)).toEqual([3_000, 3_000]);
  });

  it('a device that is tried again holds up no other', async () => {
    for (const { device } of fleet(1)) rig.seed(device.id);
    const changes = await rig.plan(fleet(400));
    rig.calls.length = 0;
    // The calls of one run come over several connections, in any order. So edge-0 is not answered before the others are there.
    const order: string[] = [];
    const others = arrivals();
    let touched = 0;
    rig.disturb = async (call) => {
      if (!isBulk(call)) return undefined;
      const isOther = !entriesOf(call).some(({ id }) => id === 'edge-0');
      order.push(isOther ? 'others' : 'edge-0');
      if (isOther) {
        others.arrive();
        return undefined;
      }
      if (touched++ < 3) rig.change('edge-0', {});
      await others.atLeast(touched === 1 ? 3 : 4);
      return undefined;
    };
    const run = await rig.apply(changes, { random: 0.9 });
    expect(run.outcomes['edge-0']).toBe('updated');
    expect(new Set(Object.values(run.outcomes))).toEqual(new Set(['updated', 'created']));
    expect(order.filter((name) => name === 'edge-0')).toHaveLength(4);
    expect(order.filter((name) => name === 'others')).toHaveLength(4);
    expect(order.slice(0, 4).sort()).toEqual(['edge-0', 'others', 'others', 'others']);
    expect(others.late).toBe(false);
  });
});

/** Counts calls, and waits until so many have come; `late` once some have not come for 10 s. */
function arrivals() {
  let count = 0;
  let wake = () => {};
  const counter = {
    late: false,
    arrive() {
      count++;
      wake();
    },
    async atLeast(wanted: number): Promise<void> {
      const deadline = performance.now() + 10_000;
      while (count < wanted && !counter.late) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 1_000).unref();
        });
        if (performance.now() > deadline) counter.late = true;
      }
    },
  };
  return counter;
}
