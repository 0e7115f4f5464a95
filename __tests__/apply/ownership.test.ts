import { describe, expect, it } from 'vitest';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { openRegistry } from '../../src/hub/registry.ts';
import type { Identity } from '../../src/model/identity.ts';
import { markOf, type Owner, ownerTag, ownerText } from '../../src/model/owner.ts';
import type { Change } from '../../src/model/plan.ts';
import { readChangeLimit } from '../../src/plan/limit.ts';
import type { Adopt } from '../../src/plan/ownership.ts';
import { plan } from '../../src/plan/plan.ts';
import { digest, others, ours, twinOf, wanted } from '../plan/devices.ts';
import { entriesOf, fleet, isBulk, isPatch, useRig } from './rig.ts';

const rig = useRig();
const right = { primary: digest('new-1'), secondary: digest('new-2') };
const tagOf = (id: string) => Object(rig.tags(id))[ownerTag];

/** Reads the hub and plans, for the repository `ours`. */
async function planned(identities: readonly Identity[], adopt: Adopt = false): Promise<readonly Change[]> {
  const [credential] = readConnectionStrings(rig.hub.connectionString);
  const registry = await openRegistry(credential!, { userAgent: 'test', ca: rig.hub.ca, sleep: async () => {} });
  const tags = identities.some(({ device }) => device.tags !== undefined) ? 'all' : 'marked';
  const found = await registry.read(
    identities.map(({ device }) => device.id),
    { tags },
  );
  const options = { adopt, allowLockout: true, maxChanges: readChangeLimit('100%')!, owner: ours };
  const changes = plan(registry.host, identities, found, options).value;
  registry.close();
  rig.calls.length = 0;
  return changes;
}

const methods = () => rig.calls.map(({ method, path }) => `${method} ${path}`);

describe('a new device', () => {
  it.each([1, 250])('is one entry of a bulk and no further call, with its mark: %i', async (count) => {
    const before = rig.operations();
    const run = await rig.apply(await planned(fleet(count)));
    expect(new Set(Object.values(run.outcomes))).toEqual(new Set(['created']));
    expect(run.tagged).toEqual([]);
    expect(rig.operations() - before).toBe(count);
    expect(rig.calls).toHaveLength(Math.ceil(count / 100));
    expect(rig.calls.every(isBulk)).toBe(true);
    for (const { device } of fleet(count)) expect(rig.tags(device.id)).toEqual({ [ownerTag]: markOf(ours) });
  });

  it('has the tags of the manifest beside the mark', async () => {
    await rig.apply(await planned([wanted({ id: 'edge-0', tags: { site: 'berlin' } })]));
    expect(rig.tags('edge-0')).toEqual({ site: 'berlin', provisionIotEdge: ['site'], [ownerTag]: markOf(ours) });
  });

  it('is not marked where the answer was lost, if somebody else made it', async () => {
    const changes = await planned([wanted({ id: 'edge-0', tags: { site: 'berlin' } })]);
    rig.disturb = (call) => {
      if (!isBulk(call)) return undefined;
      rig.disturb = undefined;
      rig.seed('edge-0', right);
      rig.tag('edge-0', twinOf(others).tags);
      return { kind: 'close', when: 'before' };
    };
    const run = await rig.apply(changes);
    expect(Object.values(run.outcomes)).not.toEqual(['created']);
    expect(rig.tags('edge-0')).toEqual(twinOf(others).tags);
  });
});

describe('a hub that refuses the mark of a new device', () => {
  const bearsMark = (entries: readonly Record<string, unknown>[]) =>
    entries.filter(({ tags }) => Object.hasOwn(Object(tags), ownerTag));

  it('of the whole call is sent it once more without, and the run says so', async () => {
    const changes = await planned(fleet(2));
    rig.disturb = (call) => {
      const marked = isBulk(call) && bearsMark(entriesOf(call)).length > 0;
      return marked ? { kind: 'refuse', code: 'IotHubUnauthorizedAccess' } : undefined;
    };
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ 'edge-0': 'created', 'edge-1': 'created' });
    expect(run.owners).toEqual({ 'edge-0': 'refused', 'edge-1': 'refused' });
    expect(rig.calls.filter(isBulk)).toHaveLength(2);
    expect([rig.tags('edge-0'), rig.tags('edge-1')]).toEqual([undefined, undefined]);
  });

  it('of single entries is sent those once more without', async () => {
    const changes = await planned(fleet(2));
    rig.disturb = (call) => {
      if (!isBulk(call) || bearsMark(entriesOf(call)).length === 0) return undefined;
      const errors = ['edge-0', 'edge-1'].map((deviceId) => ({ deviceId, errorCode: 401002, errorStatus: 'no' }));
      return { kind: 'answer', status: 400, body: { isSuccessful: false, errors, warnings: [] } };
    };
    const run = await rig.apply(changes);
    expect(run.owners).toEqual({ 'edge-0': 'refused', 'edge-1': 'refused' });
    expect(rig.calls.filter(isBulk)).toHaveLength(2);
  });

  it('and refuses it without the mark too ends the run', async () => {
    const changes = await planned(fleet(1));
    rig.disturb = (call) => (isBulk(call) ? { kind: 'refuse', code: 'IotHubUnauthorizedAccess' } : undefined);
    const run = await rig.apply(changes);
    expect([run.outcomes, run.reasons['edge-0']]).toEqual([{ 'edge-0': 'failed' }, run.fault?.message]);
    expect(rig.calls.filter(isBulk)).toHaveLength(2);
  });
});

describe('a claim', () => {
  const device = wanted({ id: 'edge-0' });

  it.each<[string, Owner | undefined, Adopt]>([
    ['without a mark', undefined, 'unmarked'],
    ['of another repository', others, true],
  ])('of a device %s writes the mark alone, by one call and no registry operation', async (_, owner, adopt) => {
    rig.seed('edge-0', right);
    rig.tag('edge-0', twinOf(owner, { site: 'bonn' }).tags);
    const before = rig.operations();
    const run = await rig.apply(await planned([device], adopt));
    expect([run.outcomes, run.owners]).toEqual([{ 'edge-0': 'claimed' }, { 'edge-0': 'claimed' }]);
    expect(methods()).toEqual(['PATCH /twins/edge-0']);
    expect(rig.operations()).toBe(before);
    expect(rig.tags('edge-0')).toEqual(twinOf(ours, { site: 'bonn' }).tags);
    expect((await planned([device], adopt)).map(({ kind }) => kind)).toEqual(['unchanged']);
  });

  it('comes with an update', async () => {
    rig.seed('edge-0');
    const run = await rig.apply(await planned([device], 'unmarked'));
    expect([run.outcomes, run.owners, run.tagged]).toEqual([{ 'edge-0': 'updated' }, { 'edge-0': 'claimed' }, []]);
    expect(tagOf('edge-0')).toEqual(markOf(ours));
  });

  it('fails if another repository claims the device first', async () => {
    rig.seed('edge-0', right);
    const changes = await planned([device], 'unmarked');
    rig.disturb = (call) => {
      if (!isPatch(call)) return undefined;
      rig.disturb = undefined;
      rig.tag('edge-0', twinOf(others).tags);
      return undefined;
    };
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ 'edge-0': 'failed' });
    const moved = [{ field: 'owner', before: null, after: ownerText(others) }] as const;
    expect(run.reasons['edge-0']).toBe(outcomeReason.changedSincePlanned({ moved }));
    expect(rig.tags('edge-0')).toEqual(twinOf(others).tags);
  });

  it.each(['before', 'after'] as const)('is made where the answer to it is lost %s', async (when) => {
    rig.seed('edge-0', right);
    const changes = await planned([device], 'unmarked');
    let lost = false;
    rig.disturb = (call) => {
      if (lost || !isPatch(call)) return undefined;
      lost = true;
      return { kind: 'close', when };
    };
    expect((await rig.apply(changes)).owners).toEqual({ 'edge-0': 'claimed' });
    expect(tagOf('edge-0')).toEqual(markOf(ours));
  });
});

describe('tags of a device that exists', () => {
  const tagged = wanted({ id: 'edge-0', tags: { site: 'berlin' } });

  it('refresh the old name in its mark', async () => {
    rig.seed('edge-0', right);
    rig.tag('edge-0', twinOf({ ...ours, name: 'octo/old' }).tags);
    await rig.apply(await planned([tagged]), { owner: ours });
    expect(rig.tags('edge-0')).toEqual(twinOf(ours, { site: 'berlin', provisionIotEdge: ['site'] }).tags);
  });

  it('leave a device without a mark without one; and their removal leaves the mark', async () => {
    rig.seed('edge-0', right);
    await rig.apply(await planned([tagged]), { owner: ours });
    expect(tagOf('edge-0')).toBeUndefined();
    rig.tag('edge-0', twinOf(ours).tags);
    await rig.apply(await planned([wanted({ id: 'edge-0' })]), { owner: ours });
    expect(rig.tags('edge-0')).toEqual(twinOf(ours).tags);
  });

  it('are not written where another repository took the device over since the plan', async () => {
    rig.seed('edge-0', right);
    rig.tag('edge-0', twinOf(ours).tags);
    const changes = await planned([tagged]);
    rig.tag('edge-0', twinOf(others).tags);
    const run = await rig.apply(changes, { owner: ours });
    expect(run.outcomes).toEqual({ 'edge-0': 'failed' });
    expect(rig.tags('edge-0')).toEqual(twinOf(others).tags);
  });
});

describe.each(['disable', 'delete'] as const)('a device that is to be removed (%s)', (kind) => {
  const device = wanted({ id: 'edge-0' });

  async function removal(): Promise<readonly Change[]> {
    rig.seed('edge-0', right);
    rig.tag('edge-0', twinOf(ours).tags);
    const changes = await planned([device]);
    return changes.flatMap((change) =>
      change.kind === 'unchanged'
        ? [{ kind, id: change.id, hub: change.hub, owner: ours, found: change.found, reasons: [] }]
        : [],
    );
  }

  it('is, by its etag that came with its mark', async () => {
    const run = await rig.apply(await removal());
    expect(run.outcomes).toEqual({ 'edge-0': 'removed' });
    expect(methods()).toEqual(['GET /twins/edge-0', 'POST /devices']);
  });

  it.each<[string, Owner | null]>([
    ['another repository took it over', others],
    ['its mark was erased', null],
  ])('stays if %s meanwhile', async (_, owner) => {
    const changes = await removal();
    rig.tag('edge-0', { [ownerTag]: owner === null ? null : { ...markOf(owner) } });
    const run = await rig.apply(changes);
    expect(run.outcomes).toEqual({ 'edge-0': 'failed' });
    expect(run.reasons['edge-0']).toBe(outcomeReason.notOurs({ owner: owner === null ? undefined : 'contoso/other' }));
    expect(rig.state('edge-0')?.[2]).toBe('enabled');
    expect(methods()).toEqual(['GET /twins/edge-0']);
  });

  it('stays if another repository created it again meanwhile, also between its mark and the removal', async () => {
    const changes = await removal();
    rig.disturb = (call) => {
      if (!isBulk(call)) return undefined;
      rig.disturb = undefined;
      rig.hub.registry.remove('edge-0');
      rig.seed('edge-0', right);
      rig.tag('edge-0', twinOf(others).tags);
      return undefined;
    };
    const run = await rig.apply(changes);
    expect(run.reasons['edge-0']).toBe(outcomeReason.notOurs({ owner: 'contoso/other' }));
    expect(rig.state('edge-0')?.[2]).toBe('enabled');
  });

  it('stays if its twin cannot be read', async () => {
    const changes = await removal();
    rig.disturb = ({ path }) => (path === '/twins/edge-0' ? { kind: 'refuse', code: 'ServiceUnavailable' } : undefined);
    expect((await rig.apply(changes)).outcomes).toEqual({ 'edge-0': 'failed' });
    const { deviceEtag: _, ...body } = Object(rig.hub.registry.twin('edge-0'));
    rig.disturb = ({ path }) => (path === '/twins/edge-0' ? { kind: 'answer', status: 200, body } : undefined);
    expect((await rig.apply(changes)).outcomes).toEqual({ 'edge-0': 'failed' });
    expect(rig.calls.filter(isBulk)).toEqual([]);
    expect(rig.state('edge-0')?.[2]).toBe('enabled');
  });
});
