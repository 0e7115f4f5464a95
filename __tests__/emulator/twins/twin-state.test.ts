import { describe, expect, it } from 'vitest';
import {
  initialTwin,
  patchedTwin,
  replacedTwin,
  requireTwinEtag,
  type TwinState,
  twinEtagOf,
  wantedTwin,
} from '../../../src/emulator/twins/twin-state.ts';
import { Refused } from '../../../src/emulator/wire/errors.ts';
import { isJsonObject } from '../../../src/emulator/wire/json.ts';
import { fc } from '../../support/property.ts';
import { refusal, start } from '../devices/identities.ts';

const later = start + 1000;
const [first, second] = [start, later].map((time) => new Date(time).toISOString());
const tags = (value: object) => wantedTwin({ tags: value });
const desired = (value: object) => wantedTwin({ properties: { desired: value } });

/** A twin after these PATCHes, a second apart. */
function patched(...bodies: readonly object[]): TwinState {
  let twin: TwinState | undefined;
  for (const [at, body] of bodies.entries()) twin = patchedTwin(twin, wantedTwin({ ...body }), start + at * 1000);
  return twin!;
}

describe('the etag of a twin', () => {
  it.each([
    [undefined, 'AAAAAAAAAAE='],
    [{ counter: 2, tags: {} }, 'AAAAAAAAAAI='],
    [{ counter: 256, tags: {} }, 'AAAAAAAAAQA='],
    [{ counter: 2 ** 40, tags: {} }, 'AAABAAAAAAA='],
  ])('of %j is %s', (twin, etag) => {
    expect(twinEtagOf(twin)).toBe(etag);
  });

  it('counts every change, and refuses an old one in the recorded words', () => {
    const twin = patched({ tags: { a: 1 } }, { tags: { a: 2 } });
    expect(twinEtagOf(twin)).toBe('AAAAAAAAAAM=');
    requireTwinEtag(twin, 'AAAAAAAAAAM=', 'd');
    requireTwinEtag(twin, undefined, 'd');
    expect(refusal(() => requireTwinEtag(twin, 'AAAAAAAAAAI=', 'd'))).toBe(
      "PreconditionFailed: ETag mismatch for device ID 'd'",
    );
  });
});

describe('a patch', () => {
  it.each<[string, object[], object]>([
    ['adds', [{ a: 1 }, { b: 2 }], { a: 1, b: 2 }],
    ['replaces', [{ a: 1 }, { a: 'x' }], { a: 'x' }],
    ['merges objects name by name', [{ a: { b: 1, c: 2 } }, { a: { c: 3, d: 4 } }], { a: { b: 1, c: 3, d: 4 } }],
    ['removes by null', [{ a: 1, b: 2 }, { a: null }], { b: 2 }],
    ['removes by null in the depth', [{ a: { b: 1, c: 2 } }, { a: { b: null } }], { a: { c: 2 } }],
    ['makes an object of a text', [{ a: 'x' }, { a: { b: 1 } }], { a: { b: 1 } }],
    ['makes a text of an object', [{ a: { b: 1 } }, { a: 'x' }], { a: 'x' }],
    ['takes lists as a whole', [{ a: [1, 2] }, { a: [3] }], { a: [3] }],
    ['does not mind a null for nothing', [{ a: 1 }, { z: null }], { a: 1 }],
    ['keeps nulls out of new objects', [{ a: { b: null, c: { d: null } } }], { a: { c: {} } }],
    ['leaves alone what is not named', [{ a: 1 }, {}], { a: 1 }],
  ])('%s', (_, values, expected) => {
    expect(patched(...values.map((value) => ({ tags: value }))).tags).toEqual(expected);
    expect(patched(...values.map((value) => ({ properties: { desired: value } }))).desired?.values).toEqual(expected);
  });

  it('takes null for a section as not named', () => {
    expect(patched({ tags: { a: 1 } }, { tags: null, properties: null }).tags).toEqual({ a: 1 });
  });

  it('takes names that mean something to JavaScript as names', () => {
    const { tags: found } = patched({ tags: JSON.parse('{"__proto__": {"constructor": 1}, "toString": "x"}') });
    expect(JSON.stringify(found)).toBe('{"__proto__":{"constructor":1},"toString":"x"}');
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
  });

  it('keeps a version of the desired properties alone, and dates each name', () => {
    const twin = patched(
      { properties: { desired: { a: { b: 1 }, c: 2 } } },
      { properties: { desired: { a: { d: 3 } } } },
    );
    expect(twin.desired?.version).toBe(3);
    expect(twin.desired?.metadata).toEqual({
      $lastUpdated: second,
      $lastUpdatedVersion: 3,
      a: {
        $lastUpdated: second,
        $lastUpdatedVersion: 3,
        b: { $lastUpdated: first, $lastUpdatedVersion: 2 },
        d: { $lastUpdated: second, $lastUpdatedVersion: 3 },
      },
      c: { $lastUpdated: first, $lastUpdatedVersion: 2 },
    });
    expect(patchedTwin(twin, tags({ x: 1 }), later).desired).toBe(twin.desired);
  });

  it('forgets the date of what it removes', () => {
    const twin = patched({ properties: { desired: { a: 1 } } }, { properties: { desired: { a: null } } });
    expect(twin.desired).toEqual({
      values: {},
      metadata: { $lastUpdated: second, $lastUpdatedVersion: 3 },
      version: 3,
    });
  });

  it("ignores what is the hub's and the device's own, which clients send back", () => {
    const body = {
      deviceId: 'other',
      etag: 'x',
      version: 99,
      status: 'disabled',
      properties: { desired: { $metadata: { a: 1 }, $version: 7, a: 1 }, reported: { b: 1 } },
    };
    expect(patched(body)).toMatchObject({ tags: {}, desired: { values: { a: 1 }, version: 2 } });
  });
});

describe('a replacement', () => {
  it('leaves nothing of what was there, and counts on', () => {
    const before = patched({ tags: { a: 1 }, properties: { desired: { b: { c: 1 } } } });
    const after = replacedTwin(before, wantedTwin({ tags: { d: 2 } }), later);
    expect(after).toEqual({
      counter: 3,
      tags: { d: 2 },
      desired: { values: {}, metadata: { $lastUpdated: second, $lastUpdatedVersion: 3 }, version: 3 },
    });
  });
});

it('a twin that is created along begins as any other', () => {
  const twin = initialTwin(wantedTwin({ tags: { a: 1 }, properties: { desired: { user: 'userA' } } }), 'never');
  expect(twin).toEqual({
    counter: 1,
    tags: { a: 1 },
    desired: {
      values: { user: 'userA' },
      metadata: {
        $lastUpdated: 'never',
        $lastUpdatedVersion: 1,
        user: { $lastUpdated: 'never', $lastUpdatedVersion: 1 },
      },
      version: 1,
    },
  });
  expect(initialTwin(tags({ a: 1 }), 'never')).not.toHaveProperty('desired');
});

/** An object of so many levels. */
function nested(levels: number): object {
  return levels === 0 ? {} : { a: nested(levels - 1) };
}
const texts = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'x'.repeat(1000)]));

describe('limits', () => {
  it.each<[string, object]>([
    ['a dot in a name', { 'a.b': 1 }],
    ['a dollar in a name', { $a: 1 }],
    ['a space in a name', { 'a b': 1 }],
    ['a line break in a name', { 'a\nb': 1 }],
    ['a C1 control character in a name', { 'a\u0085b': 1 }],
    ['a name in the depth', { a: { b: [{ 'c d': 1 }] } }],
    ['a hash in a name', { 'a#b': 1 }],
    ['null in a list', { a: [1, null] }],
    ['a name over 1 KB', { ['ü'.repeat(513)]: 1 }],
    ['a text over 4 KB', { a: 'x'.repeat(4097) }],
    ['an integer that is too large', { a: 4503599627370496 }],
    ['an integer that is too small', { a: -4503599627370497 }],
    ['eleven levels', nested(11)],
  ])('refuse %s', (_, values) => {
    expect(refusal(() => tags(values))).toMatch(/^ArgumentInvalid: BadRequest: the twin is not valid/);
    expect(refusal(() => desired(values))).toMatch(/^ArgumentInvalid: BadRequest: the twin is not valid/);
  });

  it.each<[string, object]>([
    ['names of any language, dashes, slashes', { 'Straße-1/ä:ö_日本': 1 }],
    ['an empty name', { '': 1 }],
    ['a name of 1 KB', { ['ü'.repeat(512)]: 1 }],
    ['a text of 4 KB', { a: 'x'.repeat(4096) }],
    ['the largest integers', { a: 4503599627370495, b: -4503599627370496 }],
    ['a large number that is no integer', { a: 1.5e300 / 3.3e299 }],
    ['ten levels', nested(9)],
    ['truth, null and lists', { a: true, b: null, c: [1, 'x', { d: false }] }],
  ])('take %s', (_, values) => {
    expect(tags(values).tags).toEqual(values);
  });

  it('are 8 KB of tags and 32 KB of desired properties', () => {
    expect(tags(texts(8)).tags).toBeDefined();
    expect(refusal(() => tags(texts(9)))).toContain('tags are 9018 bytes, at most 8192');
    expect(desired(texts(32)).desired).toBeDefined();
    expect(refusal(() => desired(texts(33)))).toContain('at most 32768');
  });

  it('hold for what a patch adds up to', () => {
    const twin = patched({ tags: texts(5) });
    const more = tags(Object.fromEntries(Object.entries(texts(5)).map(([name, value]) => [`x${name}`, value])));
    expect(refusal(() => patchedTwin(twin, more, later))).toContain('at most 8192');
  });

  it('end a nesting of a million levels before it hurts', () => {
    const depth = 1_000_000;
    const body = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(refusal(() => tags({ a: body }))).toContain('nested deeper than 10');
  });

  it.each([
    ['tags that are a list', { tags: [] }],
    ['tags that are a text', { tags: 'x' }],
    ['properties that are a number', { properties: 1 }],
    ['desired properties that are a list', { properties: { desired: [1] } }],
    ['$metadata in the depth', { properties: { desired: { a: { $metadata: 1 } } } }],
  ])('refuse %s', (_, body) => {
    expect(refusal(() => wantedTwin(body))).toMatch(/^ArgumentInvalid/);
  });
});

describe('any JSON', () => {
  it('is read or refused, and never breaks', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        try {
          patchedTwin(patchedTwin(undefined, wantedTwin({ tags: one }), start), wantedTwin({ tags: other }), later);
        } catch (error) {
          expect(error).toBeInstanceOf(Refused);
        }
      }),
    );
  });

  const name = fc.constantFrom('a', 'b', 'c', '__proto__');
  const values = fc.letrec((tie) => ({
    object: fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    value: fc.oneof({ maxDepth: 3 }, fc.integer({ min: 0, max: 9 }), fc.string({ maxLength: 3 }), tie('object')),
  })).object;

  /** The dates' names, level by level: those of the values, and of nothing else. */
  function shape(value: unknown): unknown {
    if (!isJsonObject(value)) return {};
    const entries = Object.entries(value).filter(([key]) => !key.startsWith('$'));
    return Object.fromEntries(entries.map(([key, inner]) => [key, shape(inner)]));
  }

  it('that is patched twice is the same as once, but for its counters; its dates have the shape of its values', () => {
    fc.assert(
      fc.property(values, values, (before, patch) => {
        const wanted = [before, patch].map((value) => desired(isJsonObject(value) ? value : {}));
        const once = patchedTwin(patchedTwin(undefined, wanted[0]!, start), wanted[1]!, later);
        const twice = patchedTwin(once, wanted[1]!, later);
        expect(twice.desired?.values).toEqual(once.desired?.values);
        expect(twice.counter).toBe(once.counter + 1);
        expect(shape(once.desired?.metadata)).toEqual(shape(once.desired?.values));
      }),
    );
  });
});
