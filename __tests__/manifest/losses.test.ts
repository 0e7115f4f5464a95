import { describe, expect, it } from 'vitest';
import { losesNames, namesIn } from '../../src/manifest/losses.ts';

const loses = (before: string, after: string, file = 'm.yaml') =>
  losesNames(namesIn(file, Buffer.from(before)), namesIn(file, Buffer.from(after)));

const two = 'hub: a.example\ndevices:\n  - id: one\n    thumbprints: { primary: AB }\n  - { "id": "two" }\n';

describe('a version of a manifest may declare what the next one does not', () => {
  it.each([
    ['an id is gone', two, two.replace('two', 'three')],
    [
      'two ids change places, and perhaps hubs',
      'devices: [{id: a}, {id: b, hub: x}]',
      'devices: [{id: b, hub: x}, {id: a}]',
    ],
    ['a hub is another', two, two.replace('a.example', 'b.example')],
    ['a hub is gone', two, two.replace('hub: a.example\n', '')],
    ['certificates name the devices', 'devices: { from: certs/*.pem }', 'devices: { from: certs/*.pem }'],
  ])('where %s', (_, before, after) => {
    expect(loses(before, after)).toBe(true);
  });

  it.each([
    ['only other values differ', two, two.replace('AB', 'CD').replace('"id": "two"', 'id: two, tags: { x: 1 }')],
    ['something is added', two, two.replace('  - id: one', '  - id: zero\n  - id: one')],
    ['it declares nothing', 'devices: []', ''],
  ])('not where %s', (_, before, after) => {
    expect(loses(before, after)).toBe(false);
  });

  it('always, of a table, and of what is not text', () => {
    expect(loses('id\none\n', 'id\none\n', 'm.csv')).toBe(true);
    expect(namesIn('m.yaml', Buffer.from([0x69, 0x64, 0xff]))).toBeUndefined();
  });

  it('as JSON and UTF-16 have it too', () => {
    expect(namesIn('m.json', Buffer.from('{"devices":[{"id":"one","hub":"a.example"}]}'))).toEqual([
      'id one',
      'hub a.example',
    ]);
    expect(namesIn('m.yaml', Buffer.from('\ufeffdevices:\n- id: one', 'utf16le'))).toEqual(['id one']);
  });
});
