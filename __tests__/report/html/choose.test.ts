import { describe, expect, it } from 'vitest';
import { type Choice, choiceOf, everything, Finder, hashOf, shows, sortKeys } from '../../../src/report/html/choose.ts';
import { viewOf } from '../../../src/report/html/data.ts';
import { fc, times } from '../../support/property.ts';
import { at, planned } from './fleets.ts';

const view = viewOf(planned(), { version: '1.2.3', now: at, hide: (text) => text });
const finder = new Finder(view);
const found = (choice: Partial<Choice>) => finder.find({ ...everything, ...choice }).map(({ id }) => id);

describe('a choice of devices', () => {
  it('is kept by an address', () => {
    const text = fc.string({ unit: 'grapheme' });
    const choices = fc.record({
      search: text,
      show: fc.constantFrom(...shows),
      hub: text,
      ends: text,
      rule: text,
      sort: fc.constantFrom(...sortKeys),
      down: fc.boolean(),
      page: fc.integer({ min: 1, max: 1_000 }),
      device: text,
    });
    fc.assert(
      fc.property(choices, (choice) => {
        expect(choiceOf(hashOf(choice))).toEqual(choice);
      }),
      times(300),
    );
  });

  it.each(['', '#', '#fleet', '#show=nothing&sort=length&page=-3', '#page=1e9999', '#%', '#device=%E0%A4%A'])(
    'is everything, or one device that is not there, where an address says nothing that it knows: %s',
    (hash) => expect({ ...choiceOf(hash), device: '' }).toEqual(everything),
  );

  it('finds by id, thumbprint, parent, rule and value, in any case, if all words are there', () => {
    const { id, primary } = view.devices[3]!;
    expect(found({ search: id.toUpperCase() })).toEqual([id]);
    expect(found({ search: primary!.thumbprint.toLowerCase() })).toEqual([id]);
    expect(found({ search: 'lyon-gateway pack' })).toEqual(['lyon-pack-009']);
    expect(found({ search: 'plan/lockout' })).toEqual(['hamburg-lathe-012']);
    expect(found({ search: 'hall 4' })).toEqual(['turin-lathe-007']);
    expect(found({ search: 'nothing of this' })).toEqual([]);
  });

  it('shows what needs attention first, then what changes, then the others', () => {
    const needs = finder.find(everything).map(({ need }) => need);
    expect(needs).toEqual([...needs].sort());
    expect(found({ show: 'attention' })).toEqual(['hamburg-lathe-012']);
    expect(found({ show: 'changed' })).toHaveLength(7);
    expect(found({ show: 'same' })).toHaveLength(16);
    expect(found({ show: 'findings' })).toHaveLength(4);
    expect(found({ show: 'ending' })).toHaveLength(3);
    expect(found({ ends: '2026-12' })).toHaveLength(3);
    expect(found({ rule: 'certificate/expires-soon' })).toHaveLength(3);
    expect(found({ hub: 'fabrikam.azure-devices.net' })).toEqual([]);
  });

  it.each(sortKeys)('is sorted by %s, up and down, and what has nothing comes last', (sort) => {
    const up = found({ sort });
    const down = found({ sort, down: true });
    expect([...up].sort()).toEqual(found({}).sort());
    if (sort === 'id') expect(down).toEqual([...up].reverse());
    if (sort === 'parent') expect(down.slice(-4).sort()).toEqual(up.slice(-4).sort());
  });
});
