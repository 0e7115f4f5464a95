import { describe, expect, it } from 'vitest';
import type { BySlot } from '../../src/model/fleet.ts';
import type { Rotation } from '../../src/model/plan.ts';
import { rotationNames } from '../../src/model/reasons.ts';
import { planDevice } from '../../src/plan/plan.ts';
import { changeEntry } from '../../src/report/device-groups.ts';
import { certificate, digest, found, hub, wanted } from './devices.ts';

const strict = { adopt: false, allowLockout: false };

/** What the hub has and the manifest wants in each slot, by the names of certificates; `x/sha256` is another digest of `x`. */
type Pair = readonly [primary: string | undefined, secondary: string | undefined];

function planned(before: Pair, after: readonly [string, string], known: BySlot<string> = {}) {
  const certificates = {
    ...(known.primary === undefined ? {} : { primary: certificate(known.primary) }),
    ...(known.secondary === undefined ? {} : { secondary: certificate(known.secondary) }),
  };
  const identity = wanted({ primary: digestOf(after[0]), secondary: digestOf(after[1]), certificates });
  const [primary, secondary] = before.map((name) => (name === undefined ? undefined : digestOf(name)));
  const thumbprints = {
    ...(primary === undefined ? {} : { primary: primary.toLowerCase() }),
    ...(secondary === undefined ? {} : { secondary: secondary.toLowerCase() }),
  };
  return planDevice(hub, identity, found({ thumbprints }), strict).value;
}

function digestOf(name: string) {
  const [, plain = name, algorithm = 'sha1'] = /^(.*)\/(sha256)$/.exec(name) ?? [];
  return digest(plain, algorithm === 'sha256' ? 'sha256' : 'sha1');
}

function rotationIn(change: ReturnType<typeof planned>): Rotation | undefined {
  return 'rotation' in change ? change.rotation : undefined;
}

describe('a change of certificates has a name', () => {
  it.each<[Rotation | undefined, Pair, readonly [string, string]]>([
    [undefined, ['a', 'b'], ['a', 'b']],
    [undefined, ['a', 'a'], ['a', 'a']],
    ['staging', ['a', 'a'], ['a', 'b']],
    ['staging', ['a', 'a'], ['b', 'a']],
    ['staging', ['a', undefined], ['a', 'b']],
    ['staging', ['a', undefined], ['b', 'a']],
    ['staging', [undefined, 'a'], ['b', 'a']],
    ['dropping', ['a', 'b'], ['b', 'b']],
    ['dropping', ['a', 'b'], ['a', 'a']],
    ['replacing', ['a', 'b'], ['a', 'c']],
    ['replacing', ['a', 'b'], ['c', 'a']],
    ['swap', ['a', 'b'], ['b', 'a']],
    ['filling', ['a', undefined], ['a', 'a']],
    ['filling', [undefined, 'a'], ['a', 'a']],
    ['first', [undefined, undefined], ['a', 'b']],
    ['lockout', ['a', 'b'], ['c', 'd']],
    ['lockout', ['a', 'a'], ['c', 'c']],
    ['lockout', ['a', undefined], ['b', 'b']],
  ])('%s: %j becomes %j', (rotation, before, after) => {
    const change = planned(before, after);
    expect(rotationIn(change)).toBe(rotation);
    // The hub drops b before any device can have c: carried.test.ts.
    const blocked = rotation === 'lockout' || (rotation === 'replacing' && after[0] === 'c');
    expect(change.kind).toBe(rotation === undefined ? 'unchanged' : blocked ? 'blocked' : 'update');
  });

  it.each<[string, Rotation, Pair, readonly [string, string], BySlot<string>]>([
    ['known', 'other-digest', ['a', 'b'], ['a/sha256', 'b/sha256'], { primary: 'a', secondary: 'b' }],
    ['known, back', 'other-digest', ['a/sha256', 'a/sha256'], ['a', 'a'], { primary: 'a' }],
    ['known, one slot empty', 'filling', ['a', undefined], ['a/sha256', 'a/sha256'], { primary: 'a' }],
    ['known and swapped', 'swap', ['a', 'b'], ['b/sha256', 'a/sha256'], { primary: 'b', secondary: 'a' }],
    ['one of two is new', 'replacing', ['a', 'b'], ['a/sha256', 'c/sha256'], { primary: 'a', secondary: 'c' }],
    ['a new one beside it', 'staging', ['a', 'a'], ['a/sha256', 'b/sha256'], { primary: 'a', secondary: 'b' }],
    ['not known', 'lockout', ['a', 'b'], ['a/sha256', 'b/sha256'], {}],
    ['the other is known', 'lockout', ['a', 'a'], ['a/sha256', 'b/sha256'], { secondary: 'b' }],
  ])('by certificate where it is known, by thumbprint else: %s', (_, rotation, before, after, known) => {
    expect(rotationIn(planned(before, after, known))).toBe(rotation);
  });

  it('is none for a device that signs in otherwise: the reasons say what it was', () => {
    const keys = found({ authentication: 'sas', thumbprints: {} });
    const { value } = planDevice(hub, wanted(), keys, { adopt: true, allowLockout: true });
    expect(value).not.toHaveProperty('rotation');
  });

  it('stands before the fields', () => {
    const { what, fields } = changeEntry(planned(['a', 'a'], ['a', 'b']))!;
    expect([what, ...fields.map(({ text }) => text)]).toEqual([
      rotationNames.staging,
      `secondaryThumbprint: ${digest('a').toLowerCase().slice(0, 8)}… → ${digest('b').slice(0, 8)}…`,
    ]);
    expect(new Set(Object.values(rotationNames)).size, 'each has a name of its own').toBe(8);
  });
});
