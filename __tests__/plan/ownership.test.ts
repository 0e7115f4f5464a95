import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/model/fleet.ts';
import { markOf, type Owner, ownerIn, ownerOf, ownerTag, ownerText, sameOwner } from '../../src/model/owner.ts';
import { planDocument } from '../../src/plan/document.ts';
import { readChangeLimit } from '../../src/plan/limit.ts';
import { type Adopt, markPatch, movedOwner } from '../../src/plan/ownership.ts';
import { plan, planDevice } from '../../src/plan/plan.ts';
import { told } from '../support/finding.ts';
import { fc, times } from '../support/property.ts';
import { digest, found, hub, idOf, others, ours, twinOf, wanted } from './devices.ts';

const renamed: Owner = { ...ours, name: 'octo/renamed' };
const unreadable = { etag: 'AAAAAAAAAAE=', tags: { [ownerTag]: { name: '<b>not ours</b>' } } };

function planned(twin: ReturnType<typeof twinOf> | undefined, adopt: Adopt = false, owner: Owner | 'unknown' = ours) {
  const device = found({ ...(twin === undefined ? {} : { twin }) });
  const options = { adopt, allowLockout: true, ...(owner === 'unknown' ? {} : { owner }) };
  return {
    same: planDevice(hub, wanted(), device, options),
    differing: planDevice(hub, wanted({ status: 'disabled' }), device, options),
  };
}

describe('a mark', () => {
  it.each<[string, Owner, Owner, boolean]>([
    ['with the same id, after a rename', ours, renamed, true],
    ['with another id and the same name', ours, { ...ours, id: '9' }, false],
    ['of another server', ours, { ...ours, server: 'ghe.example.com' }, false],
    ['without an id, and the same name in other case', ours, { server: 'github.com', name: 'Octo/Fleet' }, true],
    ['without an id, and another name', ours, { server: 'github.com', name: 'octo/fork' }, false],
  ])('%s', (_, one, other, same) => {
    expect([sameOwner(one, other), sameOwner(other, one)]).toEqual([same, same]);
  });

  it.each<[string, JsonObject]>([
    ['a text', { [ownerTag]: 'octo/fleet' }],
    ['nothing in it', { [ownerTag]: {} }],
    ['a name that is none', { [ownerTag]: { ...markOf(ours), name: '<script>' } }],
    ['a server with a path', { [ownerTag]: { ...markOf(ours), server: 'github.com/x' } }],
    ['more in it', { [ownerTag]: { ...markOf(ours), more: 1 } }],
    ['an id that is a number', { [ownerTag]: { ...markOf(ours), id: 7 } }],
  ])('is of another owner if it has %s, and its text is not shown', (_, tags) => {
    const mark = ownerIn(tags);
    expect(mark).toBe('unreadable');
    expect(sameOwner(mark, ours) || sameOwner(mark, mark)).toBe(false);
    expect(ownerText(mark!)).not.toMatch(/script|octo|github/);
  });

  it('is read as it was written, whatever the tags are, and never throws', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (tags) => {
        ownerIn(JSON.parse(JSON.stringify({ ...tags, [ownerTag]: tags.a ?? tags })));
        expect(ownerIn({ ...JSON.parse(JSON.stringify(tags)), [ownerTag]: markOf(ours) })).toEqual(ours);
      }),
      times(200),
    );
    expect(ownerOf('GitHub.com', 'octo/fleet', '7')).toEqual(ours);
    expect(ownerOf('github.com', 'octo/fleet/x')).toBeUndefined();
  });

  it('replaces another one as a whole, and is not written twice', () => {
    expect(markPatch(ours, twinOf(ours).tags)).toBeUndefined();
    expect(markPatch(ours, {})).toEqual({ [ownerTag]: markOf(ours) });
    const withoutId = { server: 'github.com', name: 'octo/fleet' };
    expect(markPatch(withoutId, { [ownerTag]: { id: '8', more: 1 } })).toEqual({
      [ownerTag]: { ...withoutId, id: null, more: null },
    });
  });

  it('moved if somebody else set it since the plan, not if another run of ours did', () => {
    expect(movedOwner(twinOf(undefined), twinOf(others), ours)).toEqual([
      { field: 'owner', before: null, after: ownerText(others) },
    ]);
    expect(movedOwner(twinOf(undefined), twinOf(ours), ours)).toEqual([]);
    expect(movedOwner(twinOf(others), twinOf(others), ours)).toEqual([]);
  });
});

describe('a declared device', () => {
  it.each<[string, ReturnType<typeof twinOf> | undefined]>([
    ['that is ours', twinOf(ours)],
    ['that is ours under an old name', twinOf(renamed)],
    ['without a mark', twinOf(undefined)],
    ['whose twin was not read', undefined],
  ])('%s is planned as ever, and not claimed', (_, twin) => {
    const { same, differing } = planned(twin);
    expect([same.value.kind, differing.value.kind]).toEqual(['unchanged', 'update']);
    expect(differing.value).not.toHaveProperty('claim');
    expect([...same.findings, ...differing.findings]).toEqual([]);
  });

  it.each<[string, ReturnType<typeof twinOf>, string | undefined]>([
    ['of another repository', twinOf(others), 'contoso/other'],
    ['of a repository on another server', twinOf({ server: 'ghe.example.com', name: 'a/b' }), 'ghe.example.com/a/b'],
    ['of a repository of the same name', twinOf({ ...ours, id: '9' }), 'github.com/octo/fleet (id 9)'],
    ['with a mark that no run writes', unreadable, undefined],
  ])('%s is left alone if it is as the manifest says, and else refused', (_, twin, owner) => {
    const { same, differing } = planned(twin);
    const subject = { device: 'edge-001', hub };
    expect(same.value.kind).toBe('unchanged');
    expect(same.findings).toMatchObject([{ ...told('plan/shared', { id: 'edge-001', owner }), ...subject }]);
    expect(differing.value.kind).toBe('conflict');
    expect(differing.findings).toMatchObject([{ ...told('plan/foreign', { id: 'edge-001', owner }), ...subject }]);
  });

  it('of another repository may have tags that only its owner names, but none that differ', () => {
    const twin = twinOf(others, { provisionIotEdge: ['site'], site: 'bonn' });
    const options = { adopt: false, allowLockout: false, owner: ours };
    expect(planDevice(hub, wanted(), found({ twin }), options).value.kind).toBe('unchanged');
    const differing = planDevice(hub, wanted({ tags: { site: 'berlin' } }), found({ twin }), options);
    expect(differing.value.kind).toBe('conflict');
    expect(differing.value).toMatchObject({ reasons: [{ field: 'tags.site', before: '"bonn"', after: '"berlin"' }] });
  });

  it.each<[Adopt, ReturnType<typeof twinOf>, boolean]>([
    ['unmarked', twinOf(undefined), true],
    [true, twinOf(undefined), true],
    ['unmarked', twinOf(others), false],
    [true, twinOf(others), true],
    [true, unreadable, true],
    [true, twinOf(ours), false],
  ])('adopt: %s claims %j: %s', (adopt, twin, claims) => {
    const { same, differing } = planned(twin, adopt);
    expect(same.value.kind === 'claim').toBe(claims);
    expect('claim' in differing.value).toBe(claims);
  });

  it('is not claimed if the owner of the run is not known, nor is it ours then', () => {
    expect(planned(twinOf(undefined), true, 'unknown').same.value.kind).toBe('unchanged');
    const unknown = planDevice(hub, wanted({ status: 'disabled' }), found({ twin: twinOf(ours) }), {
      adopt: true,
      allowLockout: true,
    });
    expect(unknown.value.kind).toBe('conflict');
  });

  it('that is not an edge device is not adopted as unmarked', () => {
    const options = { adopt: 'unmarked', allowLockout: true, owner: ours } as const;
    const { findings } = planDevice(hub, wanted(), found({ edge: false, twin: twinOf(undefined) }), options);
    expect(findings.map(({ rule }) => rule)).toEqual(['plan/foreign']);
  });

  it('bears our mark from its creation', () => {
    const { value } = planDevice(hub, wanted(), undefined, { adopt: false, allowLockout: false, owner: ours });
    expect(value).toMatchObject({ kind: 'create', registration: { owner: ours } });
  });
});

describe('claims', () => {
  const many = Array.from({ length: 20 }, (_, n) => wanted({ id: `edge-${n}` }));
  const inHub = new Map(many.map(({ device: { id } }) => [id, found({ id, twin: twinOf(undefined) })]));

  it('do not count for max-changes, and are an owner field of the plan file', () => {
    const limit = readChangeLimit('0')!;
    const options = { adopt: 'unmarked', allowLockout: false, maxChanges: limit, owner: ours } as const;
    const { value, findings } = plan(hub, many, inHub, options);
    expect(findings).toEqual([]);
    const [of] = planDocument([hub], value).hubs;
    expect(of?.changes).toHaveLength(20);
    expect(of?.changes[0]).toEqual({
      device: 'edge-0',
      kind: 'claim',
      fields: [{ field: 'owner', before: null, after: ownerText(ours) }],
    });
  });

  it('of a device that is updated too are a field beside the others', () => {
    const device = found({ twin: twinOf(others), thumbprints: { primary: digest('new-1') } });
    const { value } = planDevice(hub, wanted(), device, { adopt: true, allowLockout: true, owner: ours });
    const [of] = planDocument([hub], [value]).hubs;
    expect(of?.changes).toMatchObject([
      { kind: 'update', fields: [{ field: 'secondaryThumbprint' }, { field: 'owner' }] },
    ]);
  });
});

describe('a device that is no longer declared', () => {
  const options = { adopt: false, allowLockout: false, maxChanges: readChangeLimit('100%')!, prune: 'delete' } as const;
  const gone = (twin: ReturnType<typeof twinOf>, justNow = true) => [
    { found: found({ id: idOf('edge-007'), twin }), justNow },
  ];

  it('is removed if it bears our mark', () => {
    const { value, kept } = plan(hub, [], new Map(), { ...options, owner: ours }, gone(twinOf(renamed)));
    expect([value.map(({ kind }) => kind), kept]).toEqual([['delete'], 0]);
  });

  it.each<[string, ReturnType<typeof twinOf>, { owner?: string | undefined }]>([
    ['without a mark', twinOf(undefined), {}],
    ['of another repository', twinOf(others), { owner: 'contoso/other' }],
    ['with a mark that no run writes', unreadable, { owner: undefined }],
  ])('%s stays, which the change that drops it says, and later runs count', (_, twin, owner) => {
    const now = plan(hub, [], new Map(), { ...options, owner: ours }, gone(twin));
    expect([now.value, now.kept]).toEqual([[], 1]);
    expect(now.findings).toMatchObject([{ ...told('plan/stays', { id: 'edge-007', ...owner }), device: 'edge-007' }]);
    const later = plan(hub, [], new Map(), { ...options, owner: ours }, gone(twin, false));
    expect([later.value, later.findings, later.kept]).toEqual([[], [], 1]);
  });

  it('stays if the owner of the run is not known', () => {
    expect(plan(hub, [], new Map(), options, gone(twinOf(ours))).value).toEqual([]);
  });
});
