import { describe, expect, it } from 'vitest';
import { registeredDevice, registeredTwin } from '../../src/hub/calls/wire.ts';
import type { JsonObject } from '../../src/model/fleet.ts';
import { unapproved } from '../../src/plan/approved.ts';
import { planDocument } from '../../src/plan/document.ts';
import { fieldOf } from '../../src/plan/new-fields.ts';
import { digest, hub, idOf, wanted } from '../plan/devices.ts';
import { fc, times } from '../support/property.ts';
import { type Fields, useRig } from './rig.ts';

// A plan is approved, somebody changes the hub, and apply comes with the approved plan. What must hold, whatever they did: apply
// goes on exactly if every field that the manifest names is still as it was planned or already as it was approved; and
// then nothing is written that somebody has changed.

const rig = useRig();

const states = {
  old: { fields: {}, tags: { site: 'bonn', provisionIotEdge: ['site'] } },
  right: {
    fields: { primary: digest('new-1'), secondary: digest('new-2') },
    tags: { site: 'berlin', provisionIotEdge: ['site'] },
  },
  disabled: { fields: { status: 'disabled', statusReason: 'lent' }, tags: { owner: 'ops' } },
  theirs: { fields: { primary: digest('theirs') }, tags: { site: 'kiel' } },
} as const satisfies Record<string, { fields: Fields; tags: JsonObject }>;

const acts = {
  touch: {},
  disable: { status: 'disabled' },
  enable: { status: 'enabled' },
  rotate: { primary: digest('theirs') },
  undo: { primary: digest('old-1') },
  finish: { primary: digest('new-1'), secondary: digest('new-2') },
  note: { statusReason: 'theirs' },
  move: { parentScopes: ['ms-azure-iot-edge://gateway-1'] },
} as const satisfies Record<string, Fields>;

const tagActs = {
  own: { owner: 'them' },
  take: { site: 'kiel' },
  back: { site: 'bonn' },
  arrive: { site: 'berlin', provisionIotEdge: ['site'] },
} as const satisfies Record<string, JsonObject>;

type State = keyof typeof states | 'absent';
type Act = keyof typeof acts | keyof typeof tagActs | 'make' | 'delete';
const anyState = fc.constantFrom<State>('absent', 'old', 'right', 'disabled', 'theirs');
const anyAct = fc.constantFrom<Act>(
  ...(['touch', 'disable', 'enable', 'rotate', 'undo', 'finish', 'note', 'move'] as const),
  ...(['own', 'take', 'back', 'arrive', 'make', 'delete'] as const),
);

const devices = 4;
/** Of these the second names its status, the third a parent, all of them a tag. */
const fleet = Array.from({ length: devices }, (_, n) =>
  wanted({
    id: `edge-${n}`,
    ...(n === 1 ? { status: 'enabled' as const } : {}),
    ...(n === 2 ? { parent: 'edge-0' } : {}),
    tags: { site: 'berlin' },
  }),
);

/** The fields that the manifest names for a device; a new one has a status in any case. */
function named(n: number, isNew: boolean): ReadonlyMap<string, string> {
  const pairs: (readonly [string, string])[] = [
    ['primaryThumbprint', digest('new-1')],
    ['secondaryThumbprint', digest('new-2')],
    ...(n === 1 || isNew ? ([['status', 'enabled']] as const) : []),
    ...(n === 2 ? ([['parent', 'edge-0']] as const) : []),
    ['tags.site', '"berlin"'],
  ];
  return new Map(pairs);
}

/** Some fields of a device as the hub has them; undefined: no device. */
function look(n: number, fields: Iterable<string>): ReadonlyMap<string, string | null> | undefined {
  const device = registeredDevice(rig.hub.registry.get(`edge-${n}`));
  const twin = registeredTwin(rig.hub.registry.twin(`edge-${n}`));
  if (device === undefined || twin === undefined) return undefined;
  return new Map([...fields].map((field) => [field, fieldOf(field, { ...device, twin }) ?? null]));
}

const everyField = [
  'primaryThumbprint',
  'secondaryThumbprint',
  'status',
  'statusReason',
  'parent',
  'tags.site',
  'tags.owner',
];

describe('a hub that is changed between the plan and its apply', () => {
  it('makes apply stop exactly where the plan is no longer the approved one', async () => {
    let [went, stopped] = [0, 0];
    const wanting = fc.array(anyState, { minLength: devices, maxLength: devices });
    const doings = fc.array(fc.tuple(fc.nat(devices - 1), anyAct), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(wanting, doings, async (begin, theirs) => {
        if (await holds(begin, theirs)) went++;
        else stopped++;
      }),
      times(100),
    );
    expect(Math.min(went, stopped), 'both happen often enough to tell').toBeGreaterThan(20);
  });
});

/** Whether apply went on. */
async function holds(begin: readonly State[], theirs: readonly (readonly [number, Act])[]): Promise<boolean> {
  for (const { deviceId } of rig.hub.registry.all()) rig.hub.registry.remove(deviceId);
  for (const [n, state] of begin.entries()) if (state !== 'absent') seed(n, state);
  const first = fleet.map((_, n) => look(n, everyField));
  const approved = planDocument([hub], ours(await rig.plan(fleet)));
  for (const [n, act] of theirs) perform(n, act);

  const now = fleet.map((_, n) => look(n, everyField));
  const changes = ours(await rig.plan(fleet));
  const stopped = unapproved([hub], changes, JSON.parse(JSON.stringify(approved))).map(({ device }) => device);
  const expected = fleet.flatMap(({ device: { id } }, n) => (isAsApproved(n, first[n], now[n]) ? [] : [id]));
  expect([...stopped].sort()).toEqual(expected);
  if (stopped.length > 0) return false;

  const run = await rig.apply(changes);
  expect(Object.values(run.outcomes).filter((result) => result !== 'created' && result !== 'updated')).toEqual([]);
  for (const n of fleet.keys()) {
    const wants = named(n, now[n] === undefined);
    const after = look(n, everyField);
    for (const [field, value] of wants) expect(after?.get(field), field).toBe(value);
    // Everything else is as they left it.
    for (const [field, value] of now[n] ?? []) if (!wants.has(field)) expect(after?.get(field), field).toBe(value);
  }
  return true;
}

/** The hub of the tests has a port of its own. */
function ours<Change extends object>(changes: readonly Change[]) {
  return changes.map((change) => ({ ...change, hub }));
}

function isAsApproved(
  n: number,
  first: ReadonlyMap<string, string | null> | undefined,
  now: ReadonlyMap<string, string | null> | undefined,
): boolean {
  if (now === undefined) return first === undefined;
  const wants = named(n, first === undefined);
  return [...wants].every(
    ([field, value]) => now.get(field) === value || (first?.get(field) ?? null) === now.get(field),
  );
}

function seed(n: number, state: keyof typeof states): void {
  rig.seed(`edge-${n}`, states[state].fields);
  rig.tag(`edge-${n}`, states[state].tags);
}

function perform(n: number, act: Act): void {
  const id = idOf(`edge-${n}`);
  const there = rig.hub.registry.get(id) !== undefined;
  if (act === 'make') {
    if (!there) seed(n, 'right');
  } else if (there) {
    if (act === 'delete') rig.hub.registry.remove(id);
    else if (act === 'own' || act === 'take' || act === 'back' || act === 'arrive') rig.tag(id, tagActs[act]);
    else rig.change(id, acts[act]);
  }
}
