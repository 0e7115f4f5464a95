import { describe, expect, it } from 'vitest';
import { initialTwin, patchedTwin, wantedTwin } from '../../src/emulator/twins/twin-state.ts';
import { type JsonObject as HubJson, isJsonObject } from '../../src/emulator/wire/json.ts';
import type { JsonObject } from '../../src/model/fleet.ts';
import { initialTags, movedTags, tagChange } from '../../src/plan/tags.ts';
import { fc, times } from '../support/property.ts';

const twin = (tags: JsonObject) => ({ etag: 'AAE=', tags });
const mark = (...paths: string[]) => ({ provisionIotEdge: paths });

/** The tags afterwards, as the hub merges them, and the reasons as text. */
function changed(wanted: JsonObject | undefined, tags: JsonObject) {
  const change = tagChange(wanted, twin(tags));
  if (change === undefined) return undefined;
  const after = merged(tags, change.patch);
  const reasons = change.reasons.map(({ field, before, after: now }) => `${field} ${before} → ${now}`);
  return { after, reasons };
}

function merged(tags: JsonObject, patch: JsonObject): HubJson {
  return patchedTwin(initialTwin(hubWants(tags), ''), hubWants(patch), 0).tags;
}

function hubWants(tags: JsonObject) {
  const body: unknown = JSON.parse(JSON.stringify({ tags }));
  if (!isJsonObject(body)) throw new Error('no object');
  return wantedTwin(body);
}

describe('tags of the manifest become those of the twin', () => {
  it.each<[string, JsonObject | undefined, JsonObject, JsonObject, readonly string[]]>([
    ['a first one', { site: 'berlin' }, {}, { site: 'berlin', ...mark('site') }, ['tags.site null → "berlin"']],
    [
      'beside those of others',
      { site: 'berlin' },
      { owner: 'ops', site: 'bonn', ...mark('site') },
      { owner: 'ops', site: 'berlin', ...mark('site') },
      ['tags.site "bonn" → "berlin"'],
    ],
    [
      'deep in a map that others write too',
      { location: { plant: 7 } },
      { location: { hall: 3 } },
      { location: { hall: 3, plant: 7 }, ...mark('location.plant') },
      ['tags.location.plant null → 7'],
    ],
    [
      'of another type',
      { line: 7, on: true },
      { line: '7', on: true, ...mark('line', 'on') },
      { line: 7, on: true, ...mark('line', 'on') },
      ['tags.line "7" → 7'],
    ],
    [
      'a value where a map was, which is ours to name',
      { site: 'berlin' },
      { site: { code: 1, name: 'x' } },
      { site: 'berlin', ...mark('site') },
      ['tags.site {"code":1,"name":"x"} → "berlin"'],
    ],
    [
      'a map where a value was',
      { site: { code: 1 } },
      { site: 'berlin', ...mark('site') },
      { site: { code: 1 }, ...mark('site.code') },
      ['tags.site.code "berlin" → 1'],
    ],
    [
      'one that somebody else has set to the same value: only the mark is written',
      { site: 'berlin' },
      { site: 'berlin' },
      { site: 'berlin', ...mark('site') },
      ['tags.provisionIotEdge [] → ["site"]'],
    ],
  ])('%s', (_, wanted, before, after, reasons) => {
    expect(changed(wanted, before)).toEqual({ after, reasons });
    expect(tagChange(wanted, twin(after)), 'once more').toBeUndefined();
  });

  it.each<[string, JsonObject | undefined, JsonObject, JsonObject, readonly string[]]>([
    [
      'of several',
      { site: 'berlin' },
      { site: 'berlin', line: 7, owner: 'ops', ...mark('line', 'site') },
      { site: 'berlin', owner: 'ops', ...mark('site') },
      ['tags.line 7 → null'],
    ],
    ['the last', {}, { site: 'berlin', ...mark('site') }, {}, ['tags.site "berlin" → null']],
    ['all, where the device names none', undefined, { a: 1, b: 2, ...mark('a') }, { b: 2 }, ['tags.a 1 → null']],
    [
      'in a map of others',
      {},
      { location: { plant: 7, hall: 3 }, ...mark('location.plant') },
      { location: { hall: 3 } },
      ['tags.location.plant 7 → null'],
    ],
    [
      'together with a map that it leaves empty',
      {},
      { location: { plant: 7, at: { x: 1, y: 2 } }, ...mark('location.at.x', 'location.at.y', 'location.plant') },
      {},
      ['tags.location.at.x 1 → null', 'tags.location.at.y 2 → null', 'tags.location.plant 7 → null'],
    ],
    [
      'but not where somebody has put a map in its place',
      {},
      { site: { code: 1 }, ...mark('site') },
      { site: { code: 1 } },
      ['tags.provisionIotEdge ["site"] → []'],
    ],
    ['but not again', {}, { ...mark('site') }, {}, ['tags.provisionIotEdge ["site"] → []']],
  ])('one that was named once, and is no more, is removed: %s', (_, wanted, before, after, reasons) => {
    expect(changed(wanted, before)).toEqual({ after, reasons });
    expect(tagChange(wanted, twin(after)), 'once more').toBeUndefined();
  });

  it.each<[string, JsonObject | undefined, JsonObject]>([
    ['none wanted, none there', {}, {}],
    ['none named', undefined, { owner: 'ops' }],
    ['an empty map names none', { location: {} }, { owner: 'ops' }],
    ['a mark that is no list', undefined, { site: 'berlin', provisionIotEdge: 'site' }],
    ['a mark with other things in it', undefined, { site: 'berlin', provisionIotEdge: [{ site: 1 }, 4] }],
  ])('nothing changes: %s', (_, wanted, before) => {
    expect(tagChange(wanted, twin(before))).toBeUndefined();
  });

  it('begin with a new device', () => {
    expect(initialTags({ site: 'berlin', location: { plant: 7 } })).toEqual({
      site: 'berlin',
      location: { plant: 7 },
      ...mark('location.plant', 'site'),
    });
    expect(initialTags({})).toBeUndefined();
    expect(initialTags(undefined)).toBeUndefined();
  });
});

describe('whatever the tags', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__');
  const value = fc.oneof(fc.constantFrom('x', 'y'), fc.integer({ min: -3, max: 3 }), fc.boolean());
  const map = fc.letrec<{ map: JsonObject; entry: JsonObject[string] }>((tie) => ({
    map: fc.array(fc.tuple(name, tie('entry')), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
    entry: fc.oneof({ depthSize: 'small' }, value, tie('map')),
  })).map;

  it('one change makes them as wanted, and touches nothing that was never named', () => {
    fc.assert(
      fc.property(map, map, map, (theirs, first, second) => {
        const begun = merged(theirs, tagChange(first, twin(theirs))?.patch ?? {});
        const once: JsonObject = JSON.parse(JSON.stringify(begun));
        const then = merged(once, tagChange(second, twin(once))?.patch ?? {});
        const now: JsonObject = JSON.parse(JSON.stringify(then));
        expect(tagChange(second, twin(now))).toBeUndefined();
        const ours = new Set([...paths(first), ...paths(second)]);
        const related = (path: string) =>
          [...ours].some((p) => p === path || p.startsWith(`${path}.`) || path.startsWith(`${p}.`));
        const foreign = [...paths(theirs)].filter((path) => !related(path));
        expect([...paths(now)]).toEqual(expect.arrayContaining(foreign));
      }),
      times(1000),
    );
  });

  function paths(tags: JsonObject, prefix = ''): Set<string> {
    return new Set(
      Object.entries(tags).flatMap(([key, inner]) =>
        typeof inner === 'object' && inner !== null && !Array.isArray(inner)
          ? [...paths(Object.fromEntries(Object.entries(inner)), `${prefix}${key}.`)]
          : [`${prefix}${key}`],
      ),
    );
  }
});

describe('what somebody else has moved', () => {
  it.each<[string, JsonObject, JsonObject, readonly string[]]>([
    ['a tag that is named', { site: 'bonn' }, { site: 'kiel' }, ['tags.site']],
    ['a tag that is named no more', { old: 1, ...mark('old') }, { old: 2, ...mark('old') }, ['tags.old']],
    ['the mark', { ...mark('a') }, { ...mark('a', 'b') }, ['tags.provisionIotEdge']],
    ['not: a tag of theirs', { theirs: 1 }, { theirs: 2 }, []],
    ['not: the order of names', { site: { a: 1, b: 2 } }, { site: { b: 2, a: 1 } }, []],
  ])('%s', (_, planned, now, fields) => {
    expect(movedTags({ site: 'berlin' }, twin(planned), twin(now)).map(({ field }) => field)).toEqual(fields);
  });
});
