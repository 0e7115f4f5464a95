import { describe, expect, it } from 'vitest';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import type { Identity } from '../../src/model/identity.ts';
import { describeReasons } from '../../src/model/reasons.ts';
import type { RegisteredDevice } from '../../src/model/registration.ts';
import { plan } from '../../src/plan/plan.ts';
import { bulks, entriesOf, fleet, isBulk, useRig } from '../apply/rig.ts';
import { digest, found, hub, idOf, wanted } from './devices.ts';

const scope = (id: string, ticks = 1) => `ms-azure-iot-edge://${id}-${ticks}`;
const gateway = found({ id: idOf('gateway'), deviceScope: scope('gateway') });
const limit = { kind: 'share', share: 1, text: '100%' } as const;

/** The change of one device, in a fleet with a gateway that the hub has. */
function planned(identity: Identity, device: RegisteredDevice | undefined, parent: RegisteredDevice = gateway) {
  const devices = new Map([parent, ...(device === undefined ? [] : [device])].map((d) => [d.id, d]));
  const everything = { adopt: true, allowLockout: true, maxChanges: limit };
  const { value } = plan(hub, [wanted({ id: 'gateway' }), identity], devices, everything);
  return value[1]!;
}

describe('the parent that a manifest names', () => {
  it.each<[string, string | undefined, Partial<RegisteredDevice>, string]>([
    ['is new', 'gateway', {}, 'parent (none) → gateway'],
    ['is another', 'gateway', { parentScopes: [scope('old', 7)] }, 'parent old → gateway'],
    ['was made anew', 'gateway', { parentScopes: [scope('gateway', 7)] }, `parent ${scope('gateway', 7)} → gateway`],
    ['is taken away', '', { parentScopes: [scope('old')] }, 'parent old → (none)'],
    ['is as it should be', 'gateway', { parentScopes: [scope('gateway')] }, ''],
    ['is none, as it should be', '', {}, ''],
    ['is not named', undefined, { parentScopes: [scope('old')] }, ''],
    ['was no scope of the usual form', '', { parentScopes: ['x'] }, 'parent x → (none)'],
  ])('%s', (_, parent, parts, reasons) => {
    const change = planned(wanted(parent === undefined ? {} : { parent }), found(parts));
    expect('reasons' in change ? describeReasons(change.reasons) : '').toBe(reasons);
    expect(change.kind).toBe(reasons === '' ? 'unchanged' : 'update');
  });

  it('goes into parentScopes, beside the own scope', () => {
    const attached = planned(wanted({ parent: 'gateway' }), found());
    expect(attached.kind === 'update' && attached.registration).toMatchObject({
      deviceScope: scope('edge-001'),
      parentScopes: [scope('gateway')],
    });
    const detached = planned(wanted({ parent: '' }), found({ parentScopes: [scope('old')] }));
    expect(detached.kind === 'update' && detached.registration).not.toHaveProperty('parentScopes');
    const created = planned(wanted({ parent: 'gateway' }), undefined);
    expect(created.kind === 'create' && created.registration).toMatchObject({ parentScopes: [scope('gateway')] });
  });

  it('replaces that of a leaf device which becomes an edge device, or stays', () => {
    const leaf = found({ edge: false, deviceScope: scope('old') });
    const moved = planned(wanted({ parent: 'gateway' }), leaf);
    expect(moved.kind === 'update' && moved.registration).toMatchObject({ parentScopes: [scope('gateway')] });
    const kept = planned(wanted(), leaf);
    expect(kept.kind === 'update' && kept.registration).toMatchObject({ parentScopes: [scope('old')] });
  });

  it('that is no edge device yet has no scope yet', () => {
    const leaf = found({ id: idOf('gateway'), edge: false, deviceScope: scope('elsewhere') });
    const change = planned(wanted({ parent: 'gateway' }), found({ parentScopes: [scope('elsewhere')] }), leaf);
    expect('reasons' in change && change.reasons).toEqual([{ field: 'parent', before: 'elsewhere', after: 'gateway' }]);
    expect(change).toMatchObject({ parent: { id: 'gateway' } });
  });
});

describe('parents on the hub', () => {
  const rig = useRig();
  const right = { primary: digest('new-1'), secondary: digest('new-2') };
  const child = (id: string, parent: string) => wanted({ id, parent });
  const parentOf = (id: string) => rig.hub.registry.get(id)?.parentScopes;
  const scopeOf = (id: string) => rig.hub.registry.get(id)?.deviceScope;

  it('are made before their children, level by level, whatever the order of the manifest', async () => {
    const run = await rig.provision(child('c', 'b'), child('b', 'a'), child('b2', 'a'), wanted({ id: 'a' }));
    expect(run.outcomes).toEqual({ a: 'created', b: 'created', b2: 'created', c: 'created' });
    expect(parentOf('a')).toBeUndefined();
    expect(parentOf('b')).toEqual([scopeOf('a')]);
    expect(parentOf('b2')).toEqual([scopeOf('a')]);
    expect(parentOf('c')).toEqual([scopeOf('b')]);
    expect(rig.calls.filter(isBulk).map((call) => entriesOf(call).map(({ id }) => id))).toEqual([
      ['a'],
      ['b', 'b2'],
      ['c'],
    ]);
    expect(rig.operations()).toBe(4);
    // Read once for all of its children.
    expect(rig.calls.filter(({ path }) => path === '/devices/a')).toHaveLength(2);
  });

  it('are one wave with their children where the hub has them already', async () => {
    rig.seed('a', right);
    const run = await rig.provision(wanted({ id: 'a' }), child('b', 'a'));
    expect(run.outcomes).toEqual({ b: 'created' });
    expect(parentOf('b')).toEqual([scopeOf('a')]);
    expect((await rig.provision(wanted({ id: 'a' }), child('b', 'a'))).outcomes).toEqual({});
  });

  it('change, and go', async () => {
    for (const id of ['a', 'b', 'c']) rig.seed(id, right);
    await rig.provision(wanted({ id: 'a' }), wanted({ id: 'b' }), child('c', 'a'));
    expect(parentOf('c')).toEqual([scopeOf('a')]);
    await rig.provision(wanted({ id: 'a' }), wanted({ id: 'b' }), child('c', 'b'));
    expect(parentOf('c')).toEqual([scopeOf('b')]);
    await rig.provision(wanted({ id: 'a' }), wanted({ id: 'b' }), wanted({ id: 'c' }));
    expect(parentOf('c')).toEqual([scopeOf('b')]);
    await rig.provision(wanted({ id: 'a' }), wanted({ id: 'b' }), child('c', ''));
    expect(parentOf('c')).toBeUndefined();
  });

  it('a parent that fails takes its children along, and nobody else', async () => {
    rig.disturb = bulks(() => rig.seed('a', { primary: digest('theirs') }));
    const run = await rig.provision(wanted({ id: 'a' }), child('b', 'a'), child('c', 'b'), wanted({ id: 'd' }));
    expect(run.outcomes).toEqual({ a: 'failed', b: 'failed', c: 'failed', d: 'created' });
    const left = [{ field: 'primaryThumbprint', before: digest('theirs'), after: digest('new-1') }] as const;
    const taken = outcomeReason.idTaken({ left });
    const parentFailed = outcomeReason.parentFailed({ parent: 'a', why: taken });
    expect(run.reasons.a).toBe(taken);
    expect(run.reasons.b).toBe(parentFailed);
    expect(run.reasons.c).toBe(outcomeReason.parentFailed({ parent: 'b', why: parentFailed }));
    expect(run.progress.at(-1)).toEqual([4, 3]);
  });

  it('a parent that is deleted as soon as it is made cannot be one', async () => {
    let made = false;
    rig.disturb = ({ path }) => {
      if (made && path === '/devices/a') rig.hub.registry.remove('a');
      made ||= path === '/devices';
      return undefined;
    };
    const run = await rig.provision(wanted({ id: 'a' }), child('b', 'a'));
    expect(run.outcomes).toEqual({ a: 'created', b: 'failed' });
    expect(run.reasons.b).toBe(outcomeReason.parentNotEdge({ parent: 'a' }));
  });

  it('a hub that does not let a new parent be read fails its children alone', async () => {
    let made = false;
    rig.disturb = ({ path }) => {
      const reading = made && path === '/devices/a';
      made ||= path === '/devices';
      return reading ? { kind: 'refuse', code: 'ServiceUnavailable' } : undefined;
    };
    const run = await rig.provision(wanted({ id: 'a' }), child('b', 'a'));
    expect(run.outcomes).toEqual({ a: 'created', b: 'failed' });
    expect(run.reasons.b).toContain(outcomeReason.parentUnread({ parent: 'a', why: '' }));
    expect(run.reasons.b).toContain('ServiceUnavailable');
  });

  it('a hub that refuses us ends the run, children included', async () => {
    rig.disturb = (call) => (isBulk(call) ? { kind: 'refuse', code: 'IotHubUnauthorizedAccess' } : undefined);
    const run = await rig.provision(wanted({ id: 'a' }), child('b', 'a'));
    expect(run.outcomes).toEqual({ a: 'failed', b: 'failed' });
    expect(run.reasons.b).toBe(run.fault?.message);
  });

  it('somebody who moves the child meanwhile keeps it where the manifest names a parent', async () => {
    for (const id of ['a', 'b', 'c']) rig.seed(id, right);
    rig.disturb = bulks(() => rig.change('c', { parentScopes: [scopeOf('b')!] }));
    const run = await rig.provision(wanted({ id: 'a' }), wanted({ id: 'b' }), child('c', 'a'));
    expect(run.outcomes).toEqual({ c: 'failed' });
    const moved = [{ field: 'parent', before: null, after: scopeOf('b')! }] as const;
    expect(run.reasons.c).toBe(outcomeReason.changedSincePlanned({ moved }));
    expect(parentOf('c')).toEqual([scopeOf('b')]);
  });

  it('of a circle, which is refused long before, do not hang', async () => {
    const run = await rig.provision(child('a', 'b'), child('b', 'a'), ...fleet(1));
    expect(run.outcomes).toEqual({ a: 'failed', b: 'failed', 'edge-0': 'created' });
  });
});
