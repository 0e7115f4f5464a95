import { describe, expect, it } from 'vitest';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import type { Disturbance } from '../../src/emulator/trouble/disturbance.ts';
import type { DeviceOutcome, Reason } from '../../src/model/plan.ts';
import { digest } from '../plan/devices.ts';
import { bulks, type Fields, fleet, isBulk, reasonOf, right, useRig } from './rig.ts';

const rig = useRig();
const lostBefore: Disturbance = { kind: 'close', when: 'before' };
const lostAfter: Disturbance = { kind: 'close', when: 'after' };
const id = 'edge-0';
const neighbour = 'edge-1';
const asWanted: Fields = { primary: digest('new-1') };

const disabled: Reason = { field: 'status', before: 'enabled', after: 'disabled' };

/** The names are those of thumbprints, see `digest`. */
function primary(before: string, after: string): Reason {
  return { field: 'primaryThumbprint', before: digest(before), after: digest(after) };
}

function secondary(before: string, after: string): Reason {
  return { field: 'secondaryThumbprint', before: digest(before), after: digest(after) };
}

/** Plans `edge-0` and a neighbour that nobody else touches; what is done to `edge-0` comes between plan and writing. */
async function meanwhile(act: () => void) {
  const changes = await rig.plan(fleet(2));
  act();
  const run = await rig.apply(changes);
  expect(run.outcomes[neighbour]).toBe(changes[1]?.kind === 'create' ? 'created' : 'updated');
  expect(rig.state(neighbour)).toEqual(right);
  expect(run.fault).toBeUndefined();
  return run;
}

describe('a device that somebody else creates after it was planned', () => {
  it.each<[string, Fields, DeviceOutcome['result'], string]>([
    ['just the same', asWanted, 'unchanged', outcomeReason.alreadySo()],
    ['the same in other case', { primary: digest('new-1').toLowerCase() }, 'unchanged', outcomeReason.alreadySo()],
    ['the same, but disabled', { ...asWanted, status: 'disabled' }, 'unchanged', outcomeReason.alreadySo()],
    ['with another certificate', {}, 'failed', outcomeReason.idTaken({ left: [primary('old-1', 'new-1')] })],
    [
      'with others',
      { secondary: digest('x') },
      'failed',
      outcomeReason.idTaken({ left: [primary('old-1', 'new-1'), secondary('x', 'new-2')] }),
    ],
  ])('%s', async (_, fields, result, reason) => {
    const run = await meanwhile(() => rig.seed(id, fields));
    expect(run.outcomes[id]).toBe(result);
    expect(run.reasons[id]).toBe(reason);
    expect(rig.state(id)).toEqual([
      fields.primary ?? digest('old-1'),
      fields.secondary ?? digest('new-2'),
      fields.status ?? 'enabled',
      null,
    ]);
    expect(run.sleeps).toEqual([]);
  });

  it('and deletes again is created', async () => {
    const changes = await rig.plan(fleet(1));
    rig.seed(id);
    rig.disturb = (call) => {
      if (!isBulk(call) && rig.state(id) !== undefined) rig.hub.registry.remove(id);
      return undefined;
    };
    expect((await rig.apply(changes)).outcomes).toEqual({ [id]: 'created' });
    expect(rig.state(id)).toEqual(right);
  });
});

describe('a device that moves after it was planned', () => {
  it.each<[string, () => void]>([
    ['its etag alone', () => rig.change(id, {})],
    ['its parent', () => rig.change(id, { parentScopes: ['ms-azure-iot-edge://gateway-1'] })],
    ['the case of its thumbprints', () => rig.change(id, { primary: digest('old-1').toLowerCase() })],
    [
      'there and back',
      () => {
        rig.change(id, { status: 'disabled' });
        rig.change(id, { status: 'enabled' });
      },
    ],
    [
      'away, and is made anew just as it was',
      () => {
        rig.hub.registry.remove(id);
        rig.seed(id);
      },
    ],
  ])('in what we do not write is written with its new etag: %s', async (_, act) => {
    for (const name of [id, neighbour]) rig.seed(name);
    let parents: unknown;
    const run = await meanwhile(() => {
      act();
      parents = rig.hub.registry.get(id)?.parentScopes;
    });
    expect(run.outcomes[id]).toBe('updated');
    expect(rig.state(id)).toEqual(right);
    expect(rig.hub.registry.get(id)?.parentScopes).toEqual(parents);
    expect(rig.operations()).toBe(3);
  });

  it.each<[string, Fields, readonly Reason[]]>([
    ['it is disabled', { status: 'disabled' }, [disabled]],
    [
      'it is disabled for a reason',
      { status: 'disabled', statusReason: 'stolen' },
      [disabled, { field: 'statusReason', before: null, after: 'stolen' }],
    ],
    ['its thumbprint is rotated', { primary: digest('x') }, [primary('old-1', 'x')]],
    ['its other thumbprint is rotated', { secondary: digest('x') }, [secondary('new-2', 'x')]],
    ['its reason is another', { statusReason: 'lent' }, [{ field: 'statusReason', before: null, after: 'lent' }]],
  ])('in what we write fails alone, with the difference, and stays as it is: %s', async (_, fields, moved) => {
    for (const name of [id, neighbour]) rig.seed(name);
    let theirs: unknown;
    const run = await meanwhile(() => {
      rig.change(id, fields);
      theirs = rig.hub.registry.get(id);
    });
    expect(run.outcomes[id]).toBe('failed');
    expect(run.reasons[id]).toBe(outcomeReason.changedSincePlanned({ moved }));
    expect(rig.hub.registry.get(id)).toEqual(theirs);
    expect(run.sleeps).toEqual([]);
  });

  it('to other authentication, or off the edge, fails', async () => {
    for (const name of [id, neighbour]) rig.seed(name);
    const run = await meanwhile(() => rig.hub.registry.put({ deviceId: id }));
    expect(run.reasons[id]).toBe(
      outcomeReason.changedSincePlanned({
        moved: [
          { field: 'authentication', before: 'selfSigned', after: 'sas' },
          { field: 'edge', before: 'true', after: 'false' },
          { field: 'primaryThumbprint', before: digest('old-1'), after: null },
          { field: 'secondaryThumbprint', before: digest('new-2'), after: null },
        ],
      }),
    );
    expect(rig.hub.registry.get(id)?.authentication.type).toBe('sas');
  });

  it('to what we want is unchanged', async () => {
    for (const name of [id, neighbour]) rig.seed(name);
    const run = await meanwhile(() => rig.change(id, asWanted));
    expect(run.outcomes[id]).toBe('unchanged');
    expect(rig.state(id)).toEqual(right);
  });

  it('out of the hub fails, and is not made anew', async () => {
    for (const name of [id, neighbour]) rig.seed(name);
    const run = await meanwhile(() => rig.hub.registry.remove(id));
    expect(run.outcomes[id]).toBe('failed');
    expect(run.reasons[id]).toBe(outcomeReason.deleted());
    expect(rig.state(id)).toBeUndefined();
  });

  it('once without harm and then with it, is not overwritten by the repetition', async () => {
    for (const name of [id, neighbour]) rig.seed(name);
    const changes = await rig.plan(fleet(2));
    rig.disturb = bulks(
      () => rig.change(id, {}),
      () => rig.change(id, { status: 'disabled' }),
    );
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ [id]: 'failed', [neighbour]: 'updated' });
    expect(rig.state(id)).toEqual([digest('old-1'), digest('new-2'), 'disabled', null]);
  });

  it('again and again is given up, and nothing was written', async () => {
    for (const name of [id, neighbour]) rig.seed(name);
    const changes = await rig.plan(fleet(2));
    rig.disturb = (call) => {
      if (isBulk(call)) rig.change(id, {});
      return undefined;
    };
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ [id]: 'failed', [neighbour]: 'updated' });
    expect(run.reasons[id]).toMatch(reasonOf((why) => outcomeReason.givenUp({ tries: 10, why }), /.*412.*/));
    expect(rig.state(id)).toEqual([digest('old-1'), digest('new-2'), 'enabled', null]);
  });
});

describe('a write that is not answered, and somebody else who writes', () => {
  /** Our first write is lost, and then, before it is read back, somebody else acts. */
  async function lostThen(lost: Disturbance, act: () => void) {
    const changes = await rig.plan(fleet(1));
    const first = bulks(lost);
    let acted = false;
    rig.disturb = (call) => {
      if (!isBulk(call) && !acted) {
        act();
        acted = true;
      }
      return first(call);
    };
    return rig.apply(changes);
  }

  it.each<[string, Fields]>([
    ['disables it', { status: 'disabled', statusReason: 'stolen' }],
    ['moves it', { parentScopes: ['ms-azure-iot-edge://gateway-1'] }],
  ])('is updated if it was carried out, and stays so when somebody %s', async (_, fields) => {
    rig.seed(id);
    const run = await lostThen(lostAfter, () => rig.change(id, fields));
    expect(run.outcomes).toEqual({ [id]: 'updated' });
    expect(rig.state(id)).toEqual([
      digest('new-1'),
      digest('new-2'),
      fields.status ?? 'enabled',
      fields.statusReason ?? null,
    ]);
    expect(rig.operations()).toBe(1);
  });

  it('is created if it was carried out, also when somebody disables the device at once', async () => {
    const run = await lostThen(lostAfter, () => rig.change(id, { status: 'disabled' }));
    expect(run.outcomes).toEqual({ [id]: 'created' });
    expect(rig.state(id)?.[2]).toBe('disabled');
  });

  it.each<[string, Disturbance, Fields, string]>([
    ['undoes it', lostAfter, { primary: digest('old-1') }, 'old-1'],
    ['rotates it', lostAfter, { primary: digest('x') }, 'x'],
    ['rotates what we did not reach', lostBefore, { primary: digest('x') }, 'x'],
    ['disables what we did not reach', lostBefore, { status: 'disabled' }, 'old-1'],
    ['moves what we did not reach', lostBefore, {}, 'old-1'],
  ])('is unknown, and theirs stays, when somebody %s', async (_, lost, fields, now) => {
    rig.seed(id);
    let theirs: unknown;
    const run = await lostThen(lost, () => {
      rig.change(id, fields);
      theirs = rig.hub.registry.get(id);
    });
    expect(run.outcomes).toEqual({ [id]: 'unknown' });
    expect(run.reasons[id]).toBe(outcomeReason.changedWhileUnanswered({ left: [primary(now, 'new-1')] }));
    expect(rig.hub.registry.get(id)).toEqual(theirs);
    expect(rig.calls.filter(isBulk)).toHaveLength(1);
  });

  it('is unknown when the new device is another by then', async () => {
    const run = await lostThen(lostAfter, () => rig.change(id, { primary: digest('x') }));
    expect(run.outcomes).toEqual({ [id]: 'unknown' });
    expect(run.reasons[id]).toMatch(
      reasonOf((why) => outcomeReason.notAsWanted({ why, left: [primary('x', 'new-1')] }), /.+/),
    );
    expect(rig.state(id)?.[0]).toBe(digest('x'));
  });

  it('has failed when the device is gone by then', async () => {
    rig.seed(id);
    const run = await lostThen(lostAfter, () => rig.hub.registry.remove(id));
    expect(run.outcomes).toEqual({ [id]: 'failed' });
    expect(rig.state(id)).toBeUndefined();
  });
});
