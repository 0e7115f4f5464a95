import { describe, expect, it } from 'vitest';
import type { Slot } from '../../src/model/fleet.ts';
import type { Certificate, Identity } from '../../src/model/identity.ts';
import type { Past } from '../../src/model/plan.ts';
import { mustCarryText } from '../../src/model/reasons.ts';
import type { RegisteredDevice } from '../../src/model/registration.ts';
import { readChangeLimit } from '../../src/plan/limit.ts';
import { plan, planDevice } from '../../src/plan/plan.ts';
import { changeEntry } from '../../src/report/device-groups.ts';
import { once } from '../../src/rules/once.ts';
import type { CarriedLoss } from '../../src/rules/plan.ts';
import { told } from '../support/finding.ts';
import { manyIds } from '../support/fleet.ts';
import { certificate, digest, found, hub, idOf, wanted } from './devices.ts';

type Pair = readonly [primary: string, secondary: string];
type Digest = 'sha1' | 'sha256';

/** Two certificates, by their names, and the slot of the one that the device is to carry. */
interface State {
  readonly pair: Pair;
  readonly slot: Slot;
}

const strict = { adopt: false, allowLockout: false };
const bothSlots: readonly Slot[] = ['primary', 'secondary'];

function identityOf({ pair, slot }: State, algorithm: Digest = 'sha1', id = 'edge-001'): Identity {
  const [primary, secondary] = pair;
  const certificates = { primary: certificate(primary), secondary: certificate(secondary) };
  const thumbprints = { primary: digest(primary, algorithm), secondary: digest(secondary, algorithm) };
  return wanted({ id, ...thumbprints, certificates, slot });
}

function inHub([primary, secondary]: Pair, algorithm: Digest = 'sha1', more: Partial<RegisteredDevice> = {}) {
  return found({
    thumbprints: { primary: digest(primary, algorithm), secondary: digest(secondary, algorithm) },
    ...more,
  });
}

/** What a run knows with the commit before. */
function pastOf(before: State | undefined, times: Readonly<Record<string, number>> = {}, algorithm?: Digest): Past {
  const committed = ({ thumbprints }: Certificate) => {
    return Object.entries(times).find(([name]) => digest(name) === thumbprints.sha1)?.[1];
  };
  const identity = before === undefined ? undefined : identityOf(before, algorithm);
  return { before: new Map(identity === undefined ? [] : [[identity.device.id, identity]]), committed };
}

function planned(hubHas: Pair, after: State, before?: State, digests: readonly [Digest, Digest] = ['sha1', 'sha1']) {
  const [now, next] = digests;
  const past = pastOf(before, {}, now);
  return planDevice(hub, identityOf(after, next), inHub(hubHas, now), strict, undefined, past);
}

/** What stops the change. */
function stopOf(change: ReturnType<typeof planDevice>): 'lockout' | 'known' | 'unknown' | undefined {
  return change.findings.some(({ rule }) => rule === 'plan/lockout') ? 'lockout' : lossOf(change)?.carried;
}

const losses: readonly CarriedLoss[] = (['known', 'unknown'] as const).flatMap((carried) =>
  bothSlots.flatMap((slot) => [true, false].map((staged) => ({ carried, slot, staged }))),
);

/** What the finding plan/carried-certificate was made of. */
function lossOf({ findings }: ReturnType<typeof planDevice>): CarriedLoss | undefined {
  const found = findings.find(({ rule }) => rule === 'plan/carried-certificate');
  return losses.find((loss) => {
    const { message, remedy } = told('plan/carried-certificate', { id: 'edge-001', ...loss });
    return message === found?.message && remedy === found.remedy;
  });
}

function at({ pair, slot }: State): string {
  return pair[slot === 'primary' ? 0 : 1];
}

/** Every change of two certificates over two slots: a and b are registered, c and d are new. */
const transitions = (function* () {
  const names = ['a', 'b', 'c'];
  const pairs = names.flatMap((one) => names.map((other): Pair => [one, other]));
  const before: readonly Pair[] = [
    ['a', 'b'],
    ['b', 'a'],
    ['a', 'a'],
    ['b', 'b'],
  ];
  for (const from of before) {
    for (const to of from[0] === from[1] ? pairs : [...pairs, ['c', 'd'] as const]) {
      for (const slot of bothSlots)
        for (const next of bothSlots)
          yield [
            { pair: from, slot },
            { pair: to, slot: next },
          ];
    }
  }
})() as Iterable<readonly [State, State]>;
const all = [...transitions];

const digests: readonly (readonly [Digest, Digest])[] = [
  ['sha1', 'sha1'],
  ['sha256', 'sha256'],
  ['sha1', 'sha256'],
  ['sha256', 'sha1'],
];

describe.each(digests)('with %s in the hub and %s in the manifest', (...algorithms) => {
  it('the transitions of two certificates over two slots are 152', () => {
    expect(new Set(all.map((each) => JSON.stringify(each))).size).toBe(152);
  });

  it('with the commit before, exactly the changes are refused that cut the device off', () => {
    for (const [before, after] of all) {
      const change = planned(before.pair, after, before, algorithms);
      // The device carries what the configuration of the commit before says.
      const isCutOff = !after.pair.includes(at(before));
      const why = JSON.stringify([before, after]);
      expect(stopOf(change) !== undefined, why).toBe(isCutOff);
      expect(change.value.kind === 'blocked', why).toBe(isCutOff);
      expect(stopOf(change) === 'unknown', why).toBe(false);
      const isLockout = before.pair.every((name) => !after.pair.includes(name));
      expect(stopOf(change) === 'lockout', why).toBe(isLockout);
      expect(change.value, why).not.toHaveProperty('mustCarry');
    }
  });

  it('without it, the changes are refused after which no device can have the certificate that it is to carry', () => {
    for (const [before, after] of all) {
      const change = planned(before.pair, after, undefined, algorithms);
      const why = JSON.stringify([before, after]);
      const dropped = before.pair.filter((name) => !after.pair.includes(name));
      const isLockout = before.pair.every((name) => !after.pair.includes(name));
      const isAccepted = before.pair.includes(at(after));
      const stop = isLockout ? 'lockout' : dropped.length > 0 && !isAccepted ? 'unknown' : undefined;
      // Where the certificates are not in the manifest any more, two digests of one cannot be matched.
      expect(stopOf(change), why).toBe(stop);
      const carries = dropped.length > 0 && stop === undefined ? { slot: after.slot } : undefined;
      expect('mustCarry' in change.value ? change.value.mustCarry : undefined, why).toEqual(
        carries && { ...carries, thumbprint: digest(at(after), algorithms[1]) },
      );
    }
  });

  it('a commit before whose certificates the hub does not have counts as none', () => {
    const others: readonly Pair[] = [
      ['a', 'c'],
      ['c', 'b'],
      ['c', 'd'],
      ['c', 'c'],
    ];
    for (const [before, after] of all) {
      const known = stopOf(planned(before.pair, after, undefined, algorithms));
      for (const pair of others) {
        for (const slot of bothSlots) {
          const stale = { pair, slot };
          expect(stopOf(planned(before.pair, after, stale, algorithms)), JSON.stringify([before, after, stale])).toBe(
            known,
          );
        }
      }
    }
  });

  it('the order that the remedy names cuts no device off and is not refused', () => {
    for (const [before, after] of all) {
      const loss = lossOf(planned(before.pair, after, before, algorithms));
      if (loss === undefined) continue;
      const other: Slot = loss.slot === 'primary' ? 'secondary' : 'primary';
      const withOther = (name: string): Pair => (other === 'primary' ? [name, at(before)] : [at(before), name]);
      const both: Pair = loss.staged ? before.pair : withOther(at(after));
      const last: Pair = other === 'primary' ? [both[0], 'z'] : ['z', both[1]];
      const steps: readonly State[] = [
        before,
        { pair: both, slot: loss.slot },
        { pair: both, slot: other },
        { pair: last, slot: other },
      ];
      for (const [index, step] of steps.entries()) {
        const earlier = steps[index - 1];
        if (earlier === undefined) continue;
        const change = planned(earlier.pair, step, earlier, algorithms);
        expect(stopOf(change), JSON.stringify([before, after, step])).toBeUndefined();
        expect(step.pair).toContain(at(earlier));
      }
      expect(at(steps[2]!), 'it ends with the certificate that was wanted').toBe(at(after));
    }
  });
});

describe('the walk of docs/rotation.md', () => {
  const walks: Readonly<Record<string, readonly State[]>> = {
    'one certificate in use': [
      { pair: ['a', 'a'], slot: 'primary' },
      { pair: ['a', 'b'], slot: 'secondary' },
      { pair: ['b', 'b'], slot: 'primary' },
    ],
    'two certificates in use': [
      { pair: ['a', 'b'], slot: 'primary' },
      { pair: ['a', 'c'], slot: 'primary' },
      { pair: ['a', 'c'], slot: 'secondary' },
      { pair: ['d', 'c'], slot: 'secondary' },
    ],
  };

  it.each(Object.entries(walks))('is refused at no step: %s', (_, states) => {
    for (const [index, state] of states.entries()) {
      const before = states[index - 1];
      if (before === undefined) continue;
      for (const known of [before, undefined]) expect(stopOf(planned(before.pair, state, known))).toBeUndefined();
    }
  });
});

describe('a run that knows little', () => {
  const [old, staged, dropped]: readonly [State, State, State] = [
    { pair: ['a', 'b'], slot: 'primary' },
    { pair: ['a', 'c'], slot: 'secondary' },
    { pair: ['d', 'c'], slot: 'secondary' },
  ];

  it('after an apply that failed midway: each device is judged by what the hub has', () => {
    // The merge that staged c reached some devices. The next push says that all of them have it.
    expect(stopOf(planned(staged.pair, dropped, staged))).toBeUndefined();
    expect(stopOf(planned(old.pair, dropped, staged))).toBe('lockout');
    expect(stopOf(planned(old.pair, { pair: ['c', 'b'], slot: 'primary' }, staged))).toBe('unknown');
  });

  it('re-run: what is written is unchanged, the rest is judged as the first time', () => {
    expect(planned(staged.pair, staged, old).value.kind).toBe('unchanged');
    expect(stopOf(planned(old.pair, { pair: ['c', 'b'], slot: 'primary' }, old))).toBe('known');
  });

  it('by dispatch, by schedule, or in a checkout of depth 1: the row says what devices must carry', () => {
    const { value } = planned(staged.pair, dropped);
    expect(value.kind).toBe('update');
    const text = mustCarryText({ slot: 'secondary', thumbprint: digest('c') });
    expect(changeEntry(value)?.fields.map((field) => field.text)).toContain(text);
    const { value: known } = planned(staged.pair, dropped, staged);
    expect(changeEntry(known)?.fields.map((field) => field.text)).not.toContain(text);
  });

  it('has these gaps: a stage and a switch at once is refused, a replacement and a switch at once passes', () => {
    const both: State = { pair: ['a', 'c'], slot: 'secondary' };
    expect(stopOf(planned(old.pair, both))).toBe('unknown');
    expect(stopOf(planned(old.pair, both, old))).toBeUndefined();
    const switched: State = { pair: ['c', 'b'], slot: 'secondary' };
    expect(stopOf(planned(old.pair, switched))).toBeUndefined();
    expect(stopOf(planned(old.pair, switched, old))).toBe('known');
  });

  it('of thumbprints alone, digests cannot be matched', () => {
    const only = (state: State, algorithm: Digest) => ({ ...identityOf(state, algorithm), certificates: {} });
    const change = planDevice(hub, only(old, 'sha256'), inHub(old.pair), strict);
    expect(stopOf(change)).toBe('lockout');
  });

  it('with the certificates of the commit before, they can', () => {
    const only = { ...identityOf(old, 'sha256'), certificates: {} };
    const change = planDevice(hub, only, inHub(old.pair), strict, undefined, pastOf(old));
    expect(stopOf(change)).toBeUndefined();
    expect(change.value).toMatchObject({ kind: 'update', rotation: 'other-digest' });
  });
});

describe('a fleet that would be cut off', () => {
  const maxChanges = readChangeLimit('100%')!;
  const before: State = { pair: ['a', 'b'], slot: 'primary' };
  const careless: State = { pair: ['c', 'b'], slot: 'primary' };
  const ids = manyIds(1000);

  function planFleet(
    after: (id: string) => State,
    allowLockout: boolean | ReadonlySet<ReturnType<typeof idOf>> = false,
  ) {
    const past = {
      before: new Map(ids.map((id) => [idOf(id), identityOf(before, 'sha1', id)])),
      committed: () => undefined,
    };
    const devices = new Map(ids.map((id) => [idOf(id), inHub(before.pair, 'sha1', { id: idOf(id) })]));
    const identities = ids.map((id) => identityOf(after(id), 'sha1', id));
    const { value, findings } = plan(hub, identities, devices, { adopt: false, allowLockout, maxChanges }, [], past);
    return { value, findings: once(findings) };
  }

  it('is told as one finding', () => {
    const { value, findings } = planFleet(() => careless);
    expect(new Set(value.map(({ kind }) => kind))).toEqual(new Set(['blocked']));
    const loss = { carried: 'known', slot: 'primary', staged: false } as const;
    const place = identityOf(careless).device.place('certificates.primary');
    expect(findings).toEqual([
      { ...told('plan/carried-certificate', { id: '{id}', ...loss }), place, hub, devices: ids },
    ]);
  });

  it('is told as one finding for each remedy, and one device by its name', () => {
    const { findings } = planFleet((id) => (id === ids[7] ? { pair: ['c', 'b'], slot: 'secondary' } : careless));
    expect(findings.map(({ device }) => device)).toEqual([undefined, ids[7]]);
  });

  it('is not guarded where the workflow says so: all of it, or the named devices', () => {
    expect(planFleet(() => careless, true).findings).toEqual([]);
    const named = [idOf(ids[0]!), idOf(ids[1]!)];
    const { value, findings } = planFleet(() => careless, new Set(named));
    expect(value.filter(({ kind }) => kind === 'update').map(({ id }) => id)).toEqual(named);
    expect(findings).toHaveLength(1);
    const other: State = { pair: ['c', 'd'], slot: 'primary' };
    const locked = planFleet(() => other, new Set(named));
    expect(locked.findings.map(({ rule, devices }) => [rule, devices?.length])).toEqual([['plan/lockout', 998]]);
  });
});

describe('a device that was not active since its certificate was staged', () => {
  const merged = Date.UTC(2026, 1, 1);
  const times = { a: Date.UTC(2026, 0, 1), c: merged };
  const staged: State = { pair: ['a', 'c'], slot: 'secondary' };
  const dropped: State = { pair: ['d', 'c'], slot: 'secondary' };

  function warned({ lastActivity, after = dropped, allow = false, past = pastOf(staged, times) }: Case) {
    const more = lastActivity === undefined ? {} : { lastActivity };
    const options = { adopt: false, allowLockout: allow };
    return planDevice(hub, identityOf(after), inHub(staged.pair, 'sha1', more), options, undefined, past).findings;
  }

  interface Case {
    readonly lastActivity?: number;
    readonly after?: State;
    readonly allow?: boolean;
    readonly past?: Past;
  }

  it('is a warning when the other certificate is dropped', () => {
    const active = merged - 1;
    expect(warned({ lastActivity: active })).toEqual([
      {
        ...told('plan/inactive-device', { id: 'edge-001', slot: 'secondary', active, staged: merged }),
        place: identityOf(dropped).device.place('certificates.secondary'),
        device: 'edge-001',
        hub,
      },
    ]);
  });

  it.each<[string, Case]>([
    ['it was active at that moment', { lastActivity: merged }],
    ['the hub does not know when it was active', {}],
    ['nothing is dropped', { lastActivity: 1, after: { pair: ['c', 'a'], slot: 'primary' } }],
    ['the workflow allows it to be cut off', { lastActivity: 1, allow: true }],
    ['the commit before is not known', { lastActivity: 1, past: pastOf(undefined, times) }],
    ['the times are not known', { lastActivity: 1, past: pastOf(staged) }],
    ['the time of the old one is not known', { lastActivity: 1, past: pastOf(staged, { c: merged }) }],
    ['both came at once', { lastActivity: 1, past: pastOf(staged, { a: merged, c: merged }) }],
    ['the one that stays is the older one', { lastActivity: 1, past: pastOf(staged, { a: merged, c: times.a }) }],
  ])('is none when %s', (_, given) => {
    expect(warned(given)).toEqual([]);
  });
});
