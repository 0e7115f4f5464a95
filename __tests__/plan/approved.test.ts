import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/model/plan.ts';
import type { RegisteredDevice } from '../../src/model/registration.ts';
import { unapproved } from '../../src/plan/approved.ts';
import { planDocument } from '../../src/plan/document.ts';
import { plan } from '../../src/plan/plan.ts';
import { digest, found, hub, idOf, type WantedIdentity, wanted } from './devices.ts';

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

function differences(before: Devices, now: Devices): readonly string[] {
  const approved = planDocument([hub], planned(...before));
  expect(validate(approved), JSON.stringify(validate.errors)).toBe(true);
  return unapproved([hub], planned(...now), JSON.parse(JSON.stringify(approved))).map(({ rule, message, device }) => {
    expect(rule).toBe('plan/differs-from-approved');
    expect(message).toContain(`device "${device}" differs from the approved plan: `);
    return `${device}: ${message.replace(/^.*?plan: /, '')}`;
  });
}

const one = { primary: digest('new-1'), secondary: digest('new-2') };
const old = { thumbprints: { primary: digest('old'), secondary: digest('new-2') } };
const short = (name: string) => `${digest(name).slice(0, 8)}…`;
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
  it.each<[string, Devices, Devices, readonly string[]]>([
    [
      'a device that is new in the manifest',
      [],
      [[{}, undefined]],
      ['edge-001: the approved plan does not change it, it would now be created'],
    ],
    [
      'a device that needs a change by now',
      [[{}, {}]],
      [[{}, old]],
      [
        `edge-001: the approved plan does not change it, it would now be updated (primaryThumbprint ${short('old')} → ${short('new-1')})`,
      ],
    ],
    [
      'a device that the manifest no longer has',
      [[{}, old]],
      [],
      [
        `edge-001: the approved plan has it updated (primaryThumbprint ${short('old')} → ${short('new-1')}), and no manifest of this run declares it`,
      ],
    ],
    [
      'another value before',
      [[{}, old]],
      [[{}, { thumbprints: { primary: digest('theirs'), secondary: digest('new-2') } }]],
      [
        `edge-001: primaryThumbprint ${short('old')} → ${short('new-1')} was approved, it would now be primaryThumbprint ${short('theirs')} → ${short('new-1')}`,
      ],
    ],
    [
      'another value after',
      [[{ statusReason: 'lent' }, {}]],
      [[{ statusReason: 'stolen' }, {}]],
      ['edge-001: statusReason (none) → lent was approved, it would now be statusReason (none) → stolen'],
    ],
    [
      'one field more',
      [[{}, old]],
      [[{ status: 'disabled' }, old]],
      ['edge-001: status enabled → disabled was not approved'],
    ],
    [
      'one field less, which is not in effect',
      [[{ status: 'disabled' }, old]],
      [[{}, old]],
      ['edge-001: status enabled → disabled was approved, and is not planned now'],
    ],
    [
      'a device that was deleted',
      [[{}, old]],
      [[{}, undefined]],
      [
        `edge-001: it was to be updated, it would now be created; primaryThumbprint ${short('old')} → ${short('new-1')} was approved, it would now be primaryThumbprint (none) → ${short('new-1')}; secondaryThumbprint (none) → ${short('new-2')} was not approved; status (none) → enabled was not approved`,
      ],
    ],
    [
      'a device that somebody else has made and disabled',
      [[{}, undefined]],
      [[{}, { status: 'disabled' }]],
      ['edge-001: status (none) → enabled was approved, and is not planned now'],
    ],
    [
      'a tag',
      [[{ tags: { site: 'kiel' } }, { twin: tags }]],
      [[{ tags: { site: 'köln' } }, { twin: tags }]],
      ['edge-001: tags.site "bonn" → "kiel" was approved, it would now be tags.site "bonn" → "köln"'],
    ],
    [
      'a tag of which nothing is known now',
      [[{ tags: { site: 'kiel' } }, { twin: tags }]],
      [[{}, {}]],
      ['edge-001: tags.site "bonn" → "kiel" was approved, and is not planned now'],
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
      ['b: parent (none) → a was approved, it would now be parent c → (none)'],
    ],
  ])('%s', (_, before, now, expected) => {
    expect(differences(before, now)).toEqual(expected);
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
