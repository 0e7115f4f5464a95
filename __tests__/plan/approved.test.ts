import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/model/finding.ts';
import type { Change } from '../../src/model/plan.ts';
import type { NamedChange } from '../../src/model/reasons.ts';
import type { RegisteredDevice } from '../../src/model/registration.ts';
import { unapproved } from '../../src/plan/approved.ts';
import { planDocument } from '../../src/plan/document.ts';
import { plan } from '../../src/plan/plan.ts';
import { removalMark } from '../../src/plan/status.ts';
import type { Difference } from '../../src/rules/plan.ts';
import { told } from '../support/finding.ts';
import { digest, found, hub, idOf, ours, twinOf, type WantedIdentity, wanted } from './devices.ts';

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync('schemas/plan.schema.json', 'utf8')),
);
const everything = {
  adopt: true,
  allowLockout: true,
  maxChanges: { kind: 'share', share: 1, text: '100%' },
} as const;

type Devices = readonly (readonly [WantedIdentity, Partial<RegisteredDevice> | undefined])[];

/** Plans a fleet: what the manifest wants of each device, and what the hub has. */
function planned(...devices: Devices): readonly Change[] {
  const there = devices.flatMap(([{ id = 'edge-001' }, parts]) => {
    if (parts === undefined) return [];
    const device = found({ id: idOf(id), ...parts });
    return [[device.id, device] as const];
  });
  return plan(
    hub,
    devices.map(([parts]) => wanted(parts)),
    new Map(there),
    everything,
  ).value;
}

function differences(before: Devices, now: Devices): readonly Finding[] {
  const approved = planDocument([hub], planned(...before));
  expect(validate(approved), JSON.stringify(validate.errors)).toBe(true);
  return unapproved([hub], planned(...now), JSON.parse(JSON.stringify(approved)));
}

/** Fields as people read them: `status enabled → disabled`, and nothing where a side is empty. */
function field(text: string): NamedChange {
  const [, name = '', before, after] = /^(\S+) (.*) → (.*)$/.exec(text) ?? expect.fail(text);
  const value = (side = '') => (side === '(none)' ? null : side);
  return { field: name, before: value(before), after: value(after) };
}

const updated = (...fields: readonly NamedChange[]) => ({ kind: 'update', fields }) as const;

const one = { primary: digest('new-1'), secondary: digest('new-2') };
const old = { thumbprints: { primary: digest('old'), secondary: digest('new-2') } };
const tags = { etag: 'AAE=', tags: { site: 'bonn', provisionIotEdge: ['site'] } };

describe('a plan that is as approved', () => {
  it.each<[string, Devices, Devices]>([
    ['nothing to do, twice', [[{}, {}]], [[{}, {}]]],
    [
      'a new device',
      [[{ status: 'disabled', statusReason: 'spare' }, undefined]],
      [[{ status: 'disabled', statusReason: 'spare' }, undefined]],
    ],
    ['another etag', [[{}, old]], [[{}, { ...old, etag: 'Mg==' }]]],
    ['a field that is not written', [[{}, old]], [[{}, { ...old, status: 'disabled', statusReason: 'lent' }]]],
    [
      'thumbprints in another case',
      [[{}, old]],
      [[{}, { thumbprints: { primary: digest('old').toLowerCase(), secondary: digest('new-2') } }]],
    ],
    [
      'another order',
      [
        [{ id: 'a' }, old],
        [{ id: 'b' }, undefined],
      ],
      [
        [{ id: 'b' }, undefined],
        [{ id: 'a' }, old],
      ],
    ],
    ['carried out since', [[{}, old]], [[{}, {}]]],
    ['taken over since', [[{}, { edge: false, authentication: 'sas' }]], [[{}, {}]]],
    ['made since', [[{ status: 'enabled' }, undefined]], [[{ status: 'enabled' }, {}]]],
    [
      'carried out in part: the tags are left',
      [[{ tags: { site: 'kiel' } }, { ...old, twin: tags }]],
      [[{ tags: { site: 'kiel' } }, { twin: tags }]],
    ],
    [
      'made, and its tags are left',
      [[{ tags: { site: 'kiel' } }, undefined]],
      [[{ tags: { site: 'kiel' } }, { twin: { etag: 'AAE=', tags: {} } }]],
    ],
  ])('%s', (_, before, now) => {
    expect(differences(before, now)).toEqual([]);
  });
});

describe('a plan that is not as approved names each device and field', () => {
  const theirs = { thumbprints: { primary: digest('theirs'), secondary: digest('new-2') } };
  const primary = (was: string | undefined, is = 'new-1'): NamedChange => ({
    field: 'primaryThumbprint',
    before: was === undefined ? null : digest(was),
    after: digest(is),
  });

  it.each<[string, Devices, Devices, readonly Difference[], string?]>([
    [
      'a device that is new in the manifest',
      [],
      [[{}, undefined]],
      [{ kind: 'new-device', now: { kind: 'create', fields: [] } }],
    ],
    [
      'a device that needs a change by now',
      [[{}, {}]],
      [[{}, old]],
      [{ kind: 'new-device', now: updated(primary('old')) }],
    ],
    [
      'a device that the manifest no longer has',
      [[{}, old]],
      [],
      [{ kind: 'undeclared-device', was: updated(primary('old')) }],
    ],
    [
      'another value before',
      [[{}, old]],
      [[{}, theirs]],
      [{ kind: 'other-value', was: primary('old'), now: primary('theirs') }],
    ],
    [
      'another value after',
      [[{ statusReason: 'lent' }, {}]],
      [[{ statusReason: 'stolen' }, {}]],
      [{ kind: 'other-value', was: field('statusReason (none) → lent'), now: field('statusReason (none) → stolen') }],
    ],
    [
      'one field more',
      [[{}, old]],
      [[{ status: 'disabled' }, old]],
      [{ kind: 'new-field', now: field('status enabled → disabled') }],
    ],
    [
      'one field less, which is not in effect',
      [[{ status: 'disabled' }, old]],
      [[{}, old]],
      [{ kind: 'missing-field', was: field('status enabled → disabled') }],
    ],
    [
      'a device that was deleted',
      [[{}, old]],
      [[{}, undefined]],
      [
        { kind: 'created-again' },
        { kind: 'other-value', was: primary('old'), now: primary(undefined) },
        { kind: 'new-field', now: { field: 'secondaryThumbprint', before: null, after: digest('new-2') } },
        { kind: 'new-field', now: field('status (none) → enabled') },
      ],
    ],
    [
      'a device that somebody else has made and disabled',
      [[{}, undefined]],
      [[{}, { status: 'disabled' }]],
      [{ kind: 'missing-field', was: field('status (none) → enabled') }],
    ],
    [
      'a tag',
      [[{ tags: { site: 'kiel' } }, { twin: tags }]],
      [[{ tags: { site: 'köln' } }, { twin: tags }]],
      [
        {
          kind: 'other-value',
          was: field('tags.site "bonn" → "kiel"'),
          now: field('tags.site "bonn" → "köln"'),
        },
      ],
    ],
    [
      'a tag of which nothing is known now',
      [[{ tags: { site: 'kiel' } }, { twin: tags }]],
      [[{}, {}]],
      [{ kind: 'missing-field', was: field('tags.site "bonn" → "kiel"') }],
    ],
    [
      'a parent',
      [
        [{ id: 'a' }, {}],
        [{ id: 'b', parent: 'a' }, {}],
      ],
      [
        [{ id: 'a' }, {}],
        [{ id: 'b', parent: '' }, { parentScopes: ['ms-azure-iot-edge://c-1'] }],
      ],
      [{ kind: 'other-value', was: field('parent (none) → a'), now: field('parent c → (none)') }],
      'b',
    ],
  ])('%s', (_, before, now, expected, id = 'edge-001') => {
    const said = told('plan/differs-from-approved', { id, differences: expected });
    expect(differences(before, now)).toEqual([{ ...said, device: id, hub, place: placeOf(id, now) }]);
  });

  it('a device that is removed in one plan and not in the other', () => {
    const device = found({ id: idOf('edge-001'), twin: twinOf(ours) });
    const gone = [{ found: device, justNow: true }];
    const removal = plan(hub, [], new Map(), { ...everything, owner: ours, prune: 'disable' }, gone).value;
    const stays = planned([{ status: 'disabled' }, {}]);
    const removed = {
      kind: 'disable',
      fields: [field('status enabled → disabled'), field(`statusReason (none) → ${removalMark}`)],
    } as const;
    const staying = updated(field('status enabled → disabled'));
    expect(unapproved([hub], stays, planDocument([hub], removal))).toMatchObject([
      told('plan/differs-from-approved', {
        id: 'edge-001',
        differences: [{ kind: 'other-change', was: removed, now: staying }],
      }),
    ]);
    expect(unapproved([hub], removal, planDocument([hub], stays), true)).toMatchObject([
      told('plan/differs-from-approved', {
        id: 'edge-001',
        differences: [{ kind: 'other-change', was: staying, now: removed }],
      }),
    ]);
  });

  it('stands at the device in the manifest, and every other hub is left out', () => {
    const changes = planned([{ id: 'a' }, undefined], [{ id: 'b' }, undefined]);
    const [finding] = unapproved([hub], changes, { version: 1, hubs: [] });
    expect(finding).toMatchObject({ severity: 'error', place: { file: 'devices.yaml' }, device: 'a', hub });
    const elsewhere = { hub: 'other.azure-devices.net', changes: planDocument([hub], changes).hubs[0]!.changes };
    expect(unapproved([hub], changes, { version: 1, hubs: [elsewhere] })).toHaveLength(2);
    expect(unapproved([], [], { version: 1, hubs: [elsewhere] })).toEqual([]);
  });
});

/** Where a device stands in the manifest; nowhere if no manifest declares it. */
function placeOf(id: string, now: Devices) {
  return now.some(([parts]) => (parts.id ?? 'edge-001') === id) ? wanted({ id }).device.place('id') : undefined;
}

describe('the document of a plan', () => {
  it('has every field of a new device, and no secret that somebody pasted into a text', () => {
    const statusReason = 'HostName=a.b;SharedAccessKey=c2VjcmV0';
    const document = planDocument(
      [hub],
      planned(
        [{ id: 'a', ...one, statusReason, tags: { site: { code: 7 } }, parent: 'b' }, undefined],
        [{ id: 'b' }, {}],
      ),
    );
    expect(document).toEqual({
      version: 1,
      hubs: [
        {
          hub,
          changes: [
            {
              device: 'a',
              kind: 'create',
              fields: [
                { field: 'primaryThumbprint', before: null, after: digest('new-1') },
                { field: 'secondaryThumbprint', before: null, after: digest('new-2') },
                { field: 'status', before: null, after: 'enabled' },
                { field: 'statusReason', before: null, after: 'HostName=a.b;SharedAccessKey=***' },
                { field: 'parent', before: null, after: 'b' },
                { field: 'tags.site.code', before: null, after: '7' },
              ],
            },
          ],
        },
      ],
    });
    expect(validate(document)).toBe(true);
  });

  it('has a hub on which nothing changes, and no device that stays or may not be touched', () => {
    expect(planDocument([hub], planned([{}, {}]))).toEqual({ version: 1, hubs: [{ hub, changes: [] }] });
    const foreign = { adopt: false, allowLockout: false, maxChanges: everything.maxChanges };
    const sas = found({ authentication: 'sas' });
    const { value } = plan(hub, [wanted()], new Map([[sas.id, sas]]), foreign);
    expect(planDocument([hub], value)).toEqual({ version: 1, hubs: [{ hub, changes: [] }] });
  });

  it('names what becomes of the certificates', () => {
    const [first] = planDocument([hub], planned([{}, old])).hubs;
    expect(first?.changes[0]).toMatchObject({ kind: 'update', rotation: 'replacing' });
  });
});
