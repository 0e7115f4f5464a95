import { win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleNames } from '../../src/bundle/name.ts';
import { isDeviceId, isHubHost } from '../../src/model/fleet.ts';
import { fc } from '../support/property.ts';

interface Named {
  readonly id: string;
  readonly hub?: string | undefined;
}

function named({ id, hub }: Named) {
  if (!isDeviceId(id)) throw new Error(`no device id: ${id}`);
  if (hub === undefined) return { id, hub };
  if (!isHubHost(hub)) throw new Error(`no hub: ${hub}`);
  return { id, hub };
}

const namesOf = (...devices: readonly Named[]) => bundleNames(devices.map(named));
const directoriesOf = (...ids: readonly string[]) => namesOf(...ids.map((id) => ({ id }))).map((n) => n.directory);

const alphabet = [..."ABCXYZabcxyz0189-._:%#*?!(),+=@$';"];
const anyId = fc.oneof(
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: 1, maxLength: 128 }),
  fc.string({ unit: fc.constantFrom('a', 'A', '.', '%'), minLength: 1, maxLength: 4 }),
  fc.string({ unit: fc.constantFrom('%', '*', 'x', 'X'), minLength: 120, maxLength: 128 }),
  fc.constantFrom('CON', 'con', 'Con.txt', 'nul', 'COM1', 'lpt9.log', 'aux', 'PRN', '.', '..', '-rf'),
);
const anyHub = fc.constantFrom(
  ...['a.azure-devices.net', 'a.azure-devices.cn', 'a-b.azure-devices.net', 'con.azure-devices.net'],
  ...['localhost:1', 'localhost:2', `${'h'.repeat(63)}.net`, undefined],
);
const anyFleet = fc.uniqueArray(fc.record({ id: anyId, hub: anyHub }), {
  selector: ({ id, hub }) => `${hub}/${id}`,
  minLength: 1,
  maxLength: 40,
});

describe('the names of bundles', () => {
  it.each([
    ['edge-001', 'edge-001'],
    ['EDGE_1,a=b@c.d', 'EDGE_1,a=b@c.d'],
    ['a:b*c?', 'a%3Ab%2Ac%3F'],
    ['100%', '100%25'],
    ['.', '%2E'],
    ['..', '%2E%2E'],
    ['.hidden', '%2Ehidden'],
    ['dot.', 'dot%2E'],
    ['-rf', '%2Drf'],
    ['CON', '%43ON'],
    ['aux.txt', '%61ux.txt'],
    ['Com1', '%43om1'],
    ['COM', 'COM'],
    ['console', 'console'],
  ])('make a folder of %s', (id, directory) => {
    expect(namesOf({ id })).toEqual([{ directory, artifact: `iot-edge-${directory}` }]);
  });

  it('cut what is too long, between encoded characters, and end it in a digest of the id', () => {
    const [directory] = directoriesOf('%'.repeat(128));
    expect(directory).toMatch(/^(%25)+~[0-9a-f]{16}$/);
    expect(directory!.length).toBeLessThanOrEqual(100);
    const [a, b] = directoriesOf(`${'x'.repeat(127)}1`, `${'x'.repeat(127)}2`);
    expect(a).not.toBe(b);
  });

  it('tell two ids apart that differ by case, and leave the others alone', () => {
    const [upper, lower, other] = directoriesOf('Edge-001', 'edge-001', 'edge-002');
    expect(upper).toMatch(/^Edge-001~[0-9a-f]{16}$/);
    expect(lower).toMatch(/^edge-001~[0-9a-f]{16}$/);
    expect(upper!.toLowerCase()).not.toBe(lower!.toLowerCase());
    expect(other).toBe('edge-002');
  });

  it('give a fleet of several hubs a folder for each, and artifacts their name', () => {
    const fleet = [
      { id: 'e', hub: 'contoso.azure-devices.net' },
      { id: 'e', hub: 'fabrikam.azure-devices.net' },
    ];
    expect(namesOf(...fleet)).toEqual([
      { directory: 'contoso/e', artifact: 'iot-edge-contoso-e' },
      { directory: 'fabrikam/e', artifact: 'iot-edge-fabrikam-e' },
    ]);
    expect(namesOf(fleet[0]!)).toEqual([{ directory: 'e', artifact: 'iot-edge-e' }]);
  });

  it('use the whole host where two hubs have one short name', () => {
    const names = namesOf(
      { id: 'e', hub: 'contoso.azure-devices.net' },
      { id: 'e', hub: 'contoso.azure-devices.cn' },
      { id: 'e', hub: 'localhost:8443' },
      { id: 'e', hub: 'localhost:9443' },
      { id: 'e' },
    );
    expect(names.map(({ directory }) => directory)).toEqual([
      'contoso.azure-devices.net/e',
      'contoso.azure-devices.cn/e',
      'localhost%3A8443/e',
      'localhost%3A9443/e',
      '_/e',
    ]);
  });

  it('tell artifacts apart where hub and id could be cut in two ways', () => {
    const names = namesOf({ id: 'b-c', hub: 'a.net' }, { id: 'c', hub: 'a-b.net' });
    expect(names.map(({ directory }) => directory)).toEqual(['a/b-c', 'a-b/c']);
    expect(new Set(names.map(({ artifact }) => artifact)).size).toBe(2);
  });

  it('are legal everywhere, stable, and different also where case does not count', () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const names = namesOf(...fleet);
        expect(namesOf(...fleet.toReversed()).toReversed()).toEqual(names);
        for (const { directory, artifact } of names) {
          expect(artifact).toMatch(/^iot-edge-[A-Za-z0-9_.=@,%~-]{1,240}$/);
          expect(win32.resolve('D:\\b', directory)).toBe(`D:\\b\\${directory.replace('/', '\\')}`);
          for (const part of directory.split('/')) {
            expect(part).toMatch(/^[A-Za-z0-9_=@,%][A-Za-z0-9_.=@,%~-]{0,116}$/);
            expect(part).not.toMatch(/\.$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
            expect(() => decodeURIComponent(part)).not.toThrow();
          }
        }
        for (const key of ['directory', 'artifact'] as const) {
          expect(new Set(names.map((name) => name[key].toLowerCase())).size).toBe(fleet.length);
        }
      }),
    );
  });

  it('give a device that is declared twice one name', () => {
    expect(directoriesOf('e', 'e')).toEqual(['e', 'e']);
  });
});
