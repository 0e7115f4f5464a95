import { describe, expect, it } from 'vitest';
import { outcomeReason } from '../../src/apply/outcome-reasons.ts';
import type { Disturb, Disturbance } from '../../src/emulator/trouble/disturbance.ts';
import type { DeviceOutcome } from '../../src/model/plan.ts';
import { digest, wanted } from '../plan/devices.ts';
import { bulks, entriesOf, isBulk, isPatch, reasonOf, useRig } from './rig.ts';

type DeviceResult = DeviceOutcome['result'];

const rig = useRig();
const right = { primary: digest('new-1'), secondary: digest('new-2') };
const site = wanted({ id: 'edge-1', tags: { site: 'berlin' } });
const marked = { site: 'berlin', provisionIotEdge: ['site'] };

/** Disturbs the first patches, one after the other. */
function patches(...disturbances: readonly (Disturbance | undefined | (() => void))[]): Disturb {
  const rest = [...disturbances];
  return (call) => {
    const next = isPatch(call) ? rest.shift() : undefined;
    if (typeof next !== 'function') return next;
    next();
    return undefined;
  };
}

function methods(): readonly string[] {
  return rig.calls.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`);
}

describe('tags on the hub', () => {
  it('of a new device come with it, in the same operation', async () => {
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'created' });
    expect(run.tagged).toEqual(['edge-1']);
    expect(rig.tags('edge-1')).toEqual(marked);
    expect(rig.operations()).toBe(1);
    expect(methods()).toEqual(['GET /devices/edge-1', 'POST /devices']);
    expect((await rig.provision(site)).outcomes).toEqual({});
  });

  it('are merged into those that are there, with the twin etag, and need no registry operation', async () => {
    rig.seed('edge-1', right);
    rig.tag('edge-1', { owner: 'ops', site: 'bonn' });
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'updated' });
    expect(run.tagged).toEqual(['edge-1']);
    expect(rig.tags('edge-1')).toEqual({ owner: 'ops', ...marked });
    expect(rig.operations()).toBe(0);
    expect(methods()).toEqual(['GET /devices/edge-1', 'GET /twins/edge-1', 'PATCH /twins/edge-1']);
  });

  it('are written after the registration of the same device', async () => {
    rig.seed('edge-1');
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'updated' });
    expect(run.tagged).toEqual(['edge-1']);
    expect(rig.operations()).toBe(1);
    expect(methods().slice(-2)).toEqual(['POST /devices', 'PATCH /twins/edge-1']);
    expect(rig.tags('edge-1')).toEqual(marked);
  });

  it('go with the manifest, also from a device that names none any more', async () => {
    await rig.provision(site, wanted({ id: 'edge-2', tags: { line: 7 } }));
    rig.tag('edge-2', { owner: 'ops' });
    const run = await rig.provision(wanted({ id: 'edge-1', tags: {} }), wanted({ id: 'edge-2' }));
    expect(run.outcomes).toEqual({ 'edge-1': 'updated', 'edge-2': 'updated' });
    expect(rig.tags('edge-1')).toBeUndefined();
    expect(rig.tags('edge-2')).toEqual({ owner: 'ops' });
  });

  it('are not even read where no device names any', async () => {
    await rig.provision(site);
    rig.calls.length = 0;
    expect((await rig.provision(wanted({ id: 'edge-1' }))).outcomes).toEqual({});
    expect(methods()).toEqual(['GET /devices/edge-1']);
    expect(rig.tags('edge-1')).toEqual(marked);
  });

  it('of many devices come with the query that reads the devices', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `edge-${n}`);
    for (const id of ids) rig.seed(id, right);
    const run = await rig.provision(...ids.map((id) => wanted({ id, tags: { site: 'berlin' } })));
    expect(Object.values(run.outcomes)).toEqual(ids.map(() => 'updated'));
    expect(rig.calls.filter(({ method }) => method === 'GET')).toHaveLength(1); // the size of the hub
    expect(rig.calls.filter(isPatch)).toHaveLength(12);
  });

  it('of a device that could not be registered are left alone', async () => {
    rig.seed('edge-1');
    rig.disturb = bulks(() => rig.change('edge-1', { status: 'disabled' }));
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'failed' });
    expect(rig.calls.filter(isPatch)).toEqual([]);
  });
});

describe('another writer of tags', () => {
  it('that sets a tag of its own is not in the way', async () => {
    rig.seed('edge-1', right);
    rig.disturb = patches(() => rig.tag('edge-1', { owner: 'ops' }));
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'updated' });
    expect(rig.tags('edge-1')).toEqual({ owner: 'ops', ...marked });
  });

  it('that sets one of ours keeps it, and the device fails with the difference', async () => {
    rig.seed('edge-1', right);
    rig.disturb = patches(() => rig.tag('edge-1', { site: 'kiel' }));
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'failed' });
    expect(run.reasons['edge-1']).toBe(
      outcomeReason.tagsNotWritten({
        registered: false,
        why: outcomeReason.changedSincePlanned({ moved: [{ field: 'tags.site', before: null, after: '"kiel"' }] }),
      }),
    );
    expect(rig.tags('edge-1')).toEqual({ site: 'kiel' });
  });

  it('that does our work leaves nothing to do', async () => {
    rig.seed('edge-1', right);
    rig.disturb = patches(() => rig.tag('edge-1', marked));
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'unchanged' });
    expect(run.tagged).toEqual([]);
  });

  it('that deletes the device makes it fail', async () => {
    rig.seed('edge-1', right);
    rig.disturb = patches(() => rig.hub.registry.remove('edge-1'));
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'failed' });
    expect(run.reasons['edge-1']).toBe(
      outcomeReason.tagsNotWritten({ registered: false, why: outcomeReason.deleted() }),
    );
  });

  it('that makes the device we want to make, with tags of its own, keeps them', async () => {
    rig.disturb = bulks(() => {
      rig.seed('edge-1', right);
      rig.tag('edge-1', { site: 'kiel' });
    });
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'failed' });
    expect(run.reasons['edge-1']).toBe(
      outcomeReason.tagsNotWritten({
        registered: true,
        why: outcomeReason.changedSincePlanned({ moved: [{ field: 'tags.site', before: null, after: '"kiel"' }] }),
      }),
    );
    expect(rig.tags('edge-1')).toEqual({ site: 'kiel' });
  });

  it('that makes it without tags gets ours', async () => {
    rig.disturb = bulks(() => rig.seed('edge-1', right));
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'updated' });
    expect(rig.tags('edge-1')).toEqual(marked);
  });
});

describe('trouble while tags are written', () => {
  it.each<[string, Disturbance]>([
    ['lost before', { kind: 'close', when: 'before' }],
    ['lost after', { kind: 'close', when: 'after' }],
    ['half an answer', { kind: 'truncate' }],
    ['throttled', { kind: 'refuse', code: 'ThrottlingBacklogTimeout' }],
    ['a fault of the service', { kind: 'refuse', code: 'ServiceUnavailable' }],
  ])('%s: it is done all the same, once', async (_, trouble) => {
    rig.seed('edge-1', right);
    rig.disturb = patches(trouble);
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'updated' });
    expect(run.tagged).toEqual(['edge-1']);
    expect(rig.tags('edge-1')).toEqual(marked);
  });

  it('a lost answer, and somebody who undoes it: nobody knows, and theirs stays', async () => {
    rig.seed('edge-1', right);
    rig.tag('edge-1', { site: 'bonn', provisionIotEdge: ['site'] });
    let undone = false;
    rig.disturb = (call) => {
      if (isPatch(call)) return { kind: 'close', when: 'after' };
      if (call.method === 'GET' && rig.calls.some(isPatch) && !undone) {
        undone = true;
        rig.tag('edge-1', { site: 'bonn' });
      }
      return undefined;
    };
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'unknown' });
    expect(run.reasons['edge-1']).toBe(
      outcomeReason.tagsNotWritten({
        registered: false,
        why: outcomeReason.changedWhileUnanswered({
          left: [{ field: 'tags.site', before: '"bonn"', after: '"berlin"' }],
        }),
      }),
    );
    expect(rig.calls.filter(isPatch)).toHaveLength(1);
  });

  it('a hub that is throttled for good: given up, certainly not done', async () => {
    rig.seed('edge-1', right);
    rig.disturb = (call) => (isPatch(call) ? { kind: 'refuse', code: 'ThrottlingBacklogTimeout' } : undefined);
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'failed' });
    expect(run.reasons['edge-1']).toMatch(
      reasonOf(
        (why) => outcomeReason.tagsNotWritten({ registered: false, why: outcomeReason.givenUp({ tries: 10, why }) }),
        /429, .*/,
      ),
    );
    expect(run.sleeps).toEqual([5_000, 10_000, 20_000, ...Array.from({ length: 6 }, () => 30_000)]);
  });

  it('a hub that never answers: nobody knows', async () => {
    rig.seed('edge-1', right);
    rig.disturb = (call) => (isPatch(call) ? { kind: 'close', when: 'before' } : undefined);
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'unknown' });
  });

  it('a caller who may not write twins: the registrations stand, the run ends with the fault', async () => {
    rig.seed('edge-1', right);
    rig.seed('edge-2', right);
    rig.disturb = (call) => (isPatch(call) ? { kind: 'refuse', code: 'IotHubUnauthorizedAccess' } : undefined);
    const run = await rig.provision(
      site,
      wanted({ id: 'edge-2', tags: { site: 'bonn' } }),
      wanted({ id: 'edge-3', tags: { site: 'kiel' } }),
    );
    expect(run.outcomes).toEqual({ 'edge-1': 'failed', 'edge-2': 'failed', 'edge-3': 'created' });
    expect(run.fault?.message).toMatch(/writing tags/);
  });

  it('a caller who may not write twins is told once, and the rest is not tried', async () => {
    const ids = Array.from({ length: 9 }, (_, n) => `edge-${n}`);
    for (const id of ids) rig.seed(id, right);
    rig.disturb = (call) => (isPatch(call) ? { kind: 'refuse', code: 'IotHubUnauthorizedAccess' } : undefined);
    const run = await rig.provision(...ids.map((id) => wanted({ id, tags: { site: 'berlin' } })));
    expect(Object.values(run.outcomes)).toEqual(ids.map(() => 'failed'));
    expect(rig.calls.filter(isPatch)).toHaveLength(4);
  });

  it('a twin that cannot be read in between is written once more: the etag guards it', async () => {
    rig.seed('edge-1', right);
    let trouble = 0;
    rig.disturb = (call) => {
      const afterPatch = rig.calls.some(isPatch);
      if (isPatch(call)) return trouble++ === 0 ? { kind: 'close', when: 'after' } : undefined;
      return afterPatch && rig.calls.filter(isPatch).length === 1
        ? { kind: 'refuse', code: 'ServiceUnavailable' }
        : undefined;
    };
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'updated' });
    expect(rig.calls.filter(isPatch)).toHaveLength(2);
    expect(rig.tags('edge-1')).toEqual(marked);
  });

  it('a new device whose answer was lost, and whose twin cannot be read: nobody knows of its tags', async () => {
    rig.disturb = (call) => {
      if (isBulk(call)) return { kind: 'close', when: 'after' };
      return call.path.startsWith('/twins') ? { kind: 'refuse', code: 'ServiceUnavailable' } : undefined;
    };
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': 'unknown' });
    expect(run.reasons['edge-1']).toMatch(
      reasonOf(
        (why) => outcomeReason.tagsNotWritten({ registered: true, why: outcomeReason.twinUnread({ why }) }),
        /.*503.*/,
      ),
    );
  });

  it.each<[string, DeviceResult, () => void]>([
    ['as we made it', 'created', () => {}],
    ['changed by somebody since', 'unknown', () => rig.tag('edge-1', { site: 'kiel' })],
    [
      'without its tags, which somebody took away',
      'unknown',
      () => rig.tag('edge-1', { site: null, provisionIotEdge: null }),
    ],
  ])('a new device whose answer was lost, found %s: %s', async (_, result, theirs) => {
    rig.disturb = (call) => {
      if (isBulk(call)) return { kind: 'close', when: 'after' };
      if (call.path.startsWith('/twins')) theirs();
      return undefined;
    };
    const run = await rig.provision(site);
    expect(run.outcomes).toEqual({ 'edge-1': result });
    expect(rig.calls.filter(isPatch)).toEqual([]);
  });

  it('a registration that ends the run leaves the tags unwritten', async () => {
    rig.seed('edge-1', right);
    rig.disturb = (call) => (isBulk(call) ? { kind: 'refuse', code: 'IotHubUnauthorizedAccess' } : undefined);
    const run = await rig.provision(site, wanted({ id: 'edge-2' }));
    expect(run.outcomes).toEqual({ 'edge-1': 'failed', 'edge-2': 'failed' });
    expect(rig.calls.filter(isPatch)).toEqual([]);
    expect(rig.calls.filter(isBulk).flatMap(entriesOf)).toHaveLength(1);
  });
});
