import { describe, expect, it } from 'vitest';
import { type ApplyOptions, apply } from '../../src/apply/apply.ts';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import type { Disturb, Disturbance } from '../../src/emulator/trouble/disturbance.ts';
import { idOf, type Registry } from '../../src/model/registry.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import { planDevice } from '../../src/plan/plan.ts';
import { digest, hub, wanted } from '../plan/devices.ts';
import { bulks, everyBulk, fleet, isBulk, reasonOf, right, useRig } from './rig.ts';

const rig = useRig();
const throttle: Disturbance = { kind: 'refuse', code: 'ThrottlingBacklogTimeout' };
const busy: Disturbance = { kind: 'refuse', code: 'ServiceUnavailable' };
const lostBefore: Disturbance = { kind: 'close', when: 'before' };
const lostAfter: Disturbance = { kind: 'close', when: 'after' };
const wrongKey: Disturbance = { kind: 'refuse', code: 'IotHubUnauthorizedAccess' };

const reads = () => rig.calls.filter(({ method }) => method === 'GET').length;
const writes = () => rig.calls.filter(isBulk).length;

/** Plans for `edge-0`, which is to be created or, once seeded, updated; the calls counted are those after the plan. */
async function planOne(kind: 'create' | 'update') {
  if (kind === 'update') rig.seed('edge-0');
  const changes = await rig.plan(fleet(1));
  expect(changes.map((change) => change.kind)).toEqual([kind]);
  rig.calls.length = 0;
  return changes;
}

describe('writing', () => {
  it('takes 3 calls and 250 operations for 250 new devices, and reads none of them', async () => {
    const changes = await rig.plan(fleet(250));
    rig.calls.length = 0;
    const run = await rig.apply(changes);
    expect(new Set(Object.values(run.outcomes))).toEqual(new Set(['created']));
    expect(rig.calls).toHaveLength(3);
    expect(rig.operations()).toBe(250);
    expect(rig.hub.registry.all()).toHaveLength(250);
    expect(rig.hub.registry.get('edge-249')?.capabilities).toEqual({ iotEdge: true });
    expect(run).toMatchObject({ fault: undefined, sleeps: [] });
    expect(run.progress.at(-1)).toEqual([250, 0]);
    expect(run.progress).toHaveLength(3);
  });

  it('writes what is new and what differs, each once, and a second run writes nothing', async () => {
    rig.seed('edge-0');
    rig.seed('edge-1', { primary: digest('new-1') });
    const run = await rig.provision(...fleet(3));
    expect(run.outcomes).toEqual({ 'edge-0': 'updated', 'edge-2': 'created' });
    expect(fleet(3).map(({ device }) => rig.state(device.id))).toEqual([right, right, right]);
    expect(rig.operations()).toBe(2);
    expect((await rig.provision(...fleet(3))).outcomes).toEqual({});
    expect(rig.operations()).toBe(2);
  });

  it('keeps what the manifest does not name', async () => {
    rig.seed('edge-0', { status: 'disabled', statusReason: 'stolen', parentScopes: ['ms-azure-iot-edge://gateway-1'] });
    const { deviceScope } = rig.hub.registry.get('edge-0')!;
    expect((await rig.provision(...fleet(1))).outcomes).toEqual({ 'edge-0': 'updated' });
    expect(rig.hub.registry.get('edge-0')).toMatchObject({
      status: 'disabled',
      statusReason: 'stolen',
      deviceScope,
      parentScopes: ['ms-azure-iot-edge://gateway-1'],
      authentication: { x509Thumbprint: { primaryThumbprint: digest('new-1') } },
    });
  });

  it('turns a leaf device with keys into an edge device below the same parent', async () => {
    const parent = 'ms-azure-iot-edge://gateway-1';
    rig.hub.registry.put({ deviceId: 'edge-0', deviceScope: parent });
    expect((await rig.provision(...fleet(1))).outcomes).toEqual({ 'edge-0': 'updated' });
    expect(rig.state('edge-0')).toEqual(right);
    expect(rig.hub.registry.get('edge-0')).toMatchObject({
      capabilities: { iotEdge: true },
      deviceScope: expect.stringContaining('edge-0'),
      parentScopes: [parent],
    });
  });

  it('lets a device that the hub refuses fail alone', async () => {
    const broken = wanted({ id: 'broken', secondary: digest('new-2', 'sha256') });
    const run = await rig.provision(...fleet(2), broken);
    expect(run.outcomes).toEqual({ 'edge-0': 'created', 'edge-1': 'created', broken: 'failed' });
    expect(run.reasons.broken).toContain('400004');
    expect(run).toMatchObject({ fault: undefined, sleeps: [], progress: [[3, 1]] });
    expect(rig.state('broken')).toBeUndefined();
  });
});

describe.each(['create', 'update'] as const)('the lost answer to an attempt to %s', (kind) => {
  const done = `${kind}d`;

  it.each<[string, Disturbance, written: number]>([
    ['cut before it was carried out', lostBefore, 2],
    ['cut after it was carried out', lostAfter, 1],
    ['torn in the middle', { kind: 'truncate' }, 1],
    ['an error of the service', busy, 2],
    ['another error of the service', { kind: 'refuse', code: 'ServerError' }, 2],
  ])('is read back, once: %s', async (_, disturbance, written) => {
    const changes = await planOne(kind);
    rig.disturb = bulks(disturbance);
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ 'edge-0': done });
    expect(rig.state('edge-0')).toEqual(right);
    expect([writes(), reads()]).toEqual([written, 1]);
    expect(run.sleeps).toEqual(written === 1 ? [] : [500]);
  });

  it.each(['before', 'after'] as const)('is waited for so long and no longer: hangs %s', async (when) => {
    const changes = await planOne(kind);
    rig.disturb = bulks({ kind: 'hang', when });
    const run = await rig.apply(changes, { attemptTimeoutMs: 300 });
    expect(run.outcomes).toEqual({ 'edge-0': done });
    expect(rig.state('edge-0')).toEqual(right);
    expect([writes(), reads()]).toEqual([when === 'before' ? 2 : 1, 1]);
  });

  it.each(['before', 'after'] as const)(
    'is no harm when the write lands late, just %s its repetition',
    async (order) => {
      const changes = await planOne(kind);
      rig.disturb = landingLate(order);
      const run = await rig.apply(changes, { attemptTimeoutMs: 300 });
      await landed;
      expect(run.outcomes).toEqual({ 'edge-0': done });
      expect(rig.state('edge-0')).toEqual(right);
      expect(rig.operations()).toBe(2);
    },
  );

  it('is unknown where the hub never answers, and says what came last', async () => {
    const changes = await planOne(kind);
    rig.disturb = everyBulk(busy);
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ 'edge-0': 'unknown' });
    expect(run.reasons['edge-0']).toMatch(
      reasonOf((why) => outcomeReason.givenUp({ tries: 10, why: outcomeReason.notCarriedOut({ why }) }), /503, .*/),
    );
    expect(run.sleeps).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(run.progress.at(-1)).toEqual([1, 1]);
  });

  it('is unknown where after it the hub only throttles', async () => {
    const changes = await planOne(kind);
    rig.disturb = bulks(lostBefore, ...Array.from({ length: 9 }, () => throttle));
    expect((await rig.apply(changes)).outcomes).toEqual({ 'edge-0': 'unknown' });
  });

  it('and cannot be read back is written once more, which does no harm', async () => {
    const changes = await planOne(kind);
    rig.disturb = (call) => {
      if (isBulk(call)) return writes() === 1 ? lostAfter : undefined;
      return writes() === 1 ? busy : undefined;
    };
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ 'edge-0': done });
    expect(writes()).toBe(2);
    expect(rig.state('edge-0')).toEqual(right);
  });

  /** The first write waits, unanswered, for the second to come; then it is carried out before or after that. */
  function landingLate(order: 'before' | 'after'): Disturb {
    let land = () => {};
    const waiting = new Promise<void>((resolve) => {
      land = resolve;
    });
    return async (call) => {
      if (!isBulk(call)) return undefined;
      if (writes() === 1) {
        await waiting;
        landed = soon();
        return undefined;
      }
      if (order === 'before') land();
      else setImmediate(land);
      if (order === 'before') await soon();
      return undefined;
    };
  }
  let landed: Promise<void> | undefined;
  const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 30));
});

describe('a hub that throttles', () => {
  it.each([
    [0, []],
    [0.5, [5_000]],
    [0.999, [9_990]],
  ])('is left alone for up to 10 s: random %d', async (random, sleeps) => {
    const changes = await planOne('create');
    rig.disturb = bulks(throttle);
    const run = await rig.apply(changes, { random });
    expect(run.outcomes).toEqual({ 'edge-0': 'created' });
    expect(run.sleeps).toEqual(sleeps);
    expect([writes(), reads()]).toEqual([2, 0]);
  });

  it('is asked 10 times, ever more slowly; then the devices have failed', async () => {
    rig.seed('edge-0');
    rig.disturb = everyBulk(throttle);
    const run = await rig.provision(...fleet(2));
    expect(run.outcomes).toEqual({ 'edge-0': 'failed', 'edge-1': 'failed' });
    expect(run.reasons['edge-0']).toMatch(reasonOf((why) => outcomeReason.givenUp({ tries: 10, why }), /429, .*/));
    expect(run.sleeps).toEqual([5_000, 10_000, 20_000, ...Array.from({ length: 6 }, () => 30_000)]);
    expect(rig.state('edge-0')).toEqual([digest('old-1'), digest('new-2'), 'enabled', null]);
    expect(run.progress.at(-1)).toEqual([2, 2]);
  });

  it('loses no device as long as it takes some of them', async () => {
    const changes = await rig.plan(fleet(900));
    let taken = false;
    rig.disturb = (call) => {
      if (!isBulk(call) || !taken) {
        taken ||= isBulk(call);
        return undefined;
      }
      return throttle;
    };
    const run = await rig.apply(changes, {
      waiting: () => {
        taken = false;
      },
    });
    expect(new Set(Object.values(run.outcomes))).toEqual(new Set(['created']));
    expect(new Set(run.sleeps)).toEqual(new Set([5_000]));
    expect(rig.hub.registry.all()).toHaveLength(900);
  });
});

describe('reading back', () => {
  it('stops at the first device that cannot be read, since the others would wait as long', async () => {
    const changes = await rig.plan(fleet(60));
    rig.calls.length = 0;
    rig.disturb = (call) => (isBulk(call) ? bulkOnce(call) : busy);
    const bulkOnce = bulks(lostBefore);
    const run = await rig.apply(changes);
    expect(new Set(Object.values(run.outcomes))).toEqual(new Set(['created']));
    // 8 side by side, of which the registry repeats each up to 5 times.
    expect(reads()).toBeLessThanOrEqual(40);
    expect(writes()).toBe(2);
  });
});

describe('a hub that refuses us', () => {
  it('ends the run: what was written is told, the rest has failed, and the fault says why', async () => {
    const changes = await rig.plan(fleet(950));
    let seen = 0;
    rig.disturb = (call) => (isBulk(call) && ++seen > 3 ? wrongKey : undefined);
    const run = await rig.apply(changes);
    expect(run.fault?.message).toMatch(/shared access key/);
    expect(run.fault?.remedy).not.toBe('');
    const created = Object.keys(run.outcomes).filter((id) => run.outcomes[id] === 'created');
    expect(created.sort()).toEqual(
      rig.hub.registry
        .all()
        .map(({ deviceId }) => deviceId)
        .sort(),
    );
    expect(created).toHaveLength(300);
    const others = Object.keys(run.outcomes).filter((id) => !created.includes(id));
    expect(new Set(others.map((id) => run.outcomes[id]))).toEqual(new Set(['failed']));
    expect(new Set(others.map((id) => run.reasons[id]))).toEqual(new Set([run.fault?.message]));
    expect(run.sleeps).toEqual([]);
    expect(run.progress.at(-1)).toEqual([950, 650]);
    // At most 4 calls were on their way when the first was refused.
    expect(seen).toBeLessThanOrEqual(7);
  });

  it('leaves devices unknown whose write was not answered before', async () => {
    const changes = await planOne('create');
    rig.disturb = bulks(lostBefore, wrongKey);
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ 'edge-0': 'unknown' });
    expect(run.reasons['edge-0']).toBe(run.fault?.message);
  });

  it('also ends the devices that another bulk wanted to try once more', async () => {
    const changes = await rig.plan(fleet(150));
    const rest = everyBulk(wrongKey);
    const first = bulks(throttle);
    rig.disturb = (call) => first(call) ?? rest(call);
    const run = await rig.apply(changes);
    expect(new Set(Object.values(run.outcomes))).toEqual(new Set(['failed']));
    expect(run.fault).toBeDefined();
    expect(run.progress.at(-1)).toEqual([150, 150]);
  });
});

describe('a registry with a fault of its own', () => {
  const { value: change } = planDevice(hub, wanted(), undefined, { adopt: false, allowLockout: false });
  const options: ApplyOptions = {
    now: () => 0,
    sleep: async () => {},
    random: () => 0,
    stop: new StopSwitch(),
    progress: () => {},
  };
  const registry = (write: Registry['write']): Registry => ({
    host: hub,
    write,
    read: async () => new Map(),
    readOne: async () => undefined,
    readEdgeDevices: async () => [],
    readTwin: async () => undefined,
    readWithTwin: async () => undefined,
    patchTags: async (id) => ({ id, answer: 'applied' }),
    close: () => {},
  });

  it('that throws while it writes leaves the device unknown', async () => {
    const applied = await apply(
      [change],
      registry(() => Promise.reject(new TypeError('x.write: TypeError'))),
      options,
    );
    expect(applied.outcomes).toMatchObject([{ result: 'unknown', reason: 'x.write: TypeError' }]);
    expect(applied.fault?.message).toBe('x.write: TypeError');
  });

  it('that forgets a device has it read back, and is asked again', async () => {
    let calls = 0;
    const forgetful = registry(async (asked) => {
      calls++;
      return calls === 1 ? [] : asked.map((write) => ({ id: idOf(write), answer: 'applied' }));
    });
    const applied = await apply([change], forgetful, options);
    expect(applied).toMatchObject({ outcomes: [{ result: 'created' }] });
    expect(calls).toBe(2);
  });
});
