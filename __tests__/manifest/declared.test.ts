import { describe, expect, it } from 'vitest';
import { declaredIn } from '../../src/manifest/declared.ts';

const declared = (file: string, text: string) => declaredIn(file, Buffer.from(text));

describe('what an old version of a manifest declared', () => {
  it('is its devices with their hubs, in YAML, JSON and CSV', async () => {
    const yaml = 'hub: A.example\ndevices:\n  - id: one\n  - { id: two, hub: b.example }\n';
    const expected = [
      { id: 'one', hub: 'a.example' },
      { id: 'two', hub: 'b.example' },
    ];
    expect((await declared('devices.yaml', yaml)).devices).toEqual(expected);
    const json = '{"hub":"a.example","devices":[{"id":"one"},{"id":"two","hub":"b.example"}]}';
    expect((await declared('devices.json', json)).devices).toEqual(expected);
    expect((await declared('devices.csv', 'id,hub\none,a.example\ntwo,B.example\n')).devices).toEqual(expected);
  });

  it('names a hub by its classic name, also where its domain was missing', async () => {
    const names = [
      'contoso.azure-devices.net',
      'Contoso.device.azure-devices.net',
      'contoso.SERVICE.azure-devices.net',
      'contoso',
    ];
    const devices = names.map((hub) => `  - { id: one, hub: ${hub} }\n`);
    const found = await declared('devices.yaml', `hub: x.device.azure-devices.net\ndevices:\n${devices.join('')}`);
    expect(new Set(found.devices.map(({ hub }) => hub))).toEqual(new Set(['contoso.azure-devices.net']));
    expect(found.hub).toBe('x.azure-devices.net');
    expect((await declared('devices.csv', 'id,hub\none,http://a\n')).devices).toEqual([{ id: 'one', hub: 'http://a' }]);
  });

  it('is told whatever else was wrong: unknown keys, missing runtimes, certificates that are gone', async () => {
    const yaml = 'versoin: 9\ndevices:\n  - { id: one, certficates: {} }\n  - { id: 7 }\n  - text\n';
    expect((await declared('devices.yaml', yaml)).devices).toEqual([{ id: 'one' }]);
  });

  it('names the certificates that named devices, from the top of the workspace', async () => {
    const yaml = 'hub: a.example\ndevices: { from: [certs/*.pem, ../more/*.cer] }\n';
    expect(await declared('plant/devices.yaml', yaml)).toEqual({
      hub: 'a.example',
      devices: [],
      from: ['plant/certs/*.pem', 'more/*.cer'],
    });
  });

  it.each([
    ['devices.yaml', 'devices: [{id: one}\n'],
    ['devices.yaml', 'devices:\n  - id: one\n    id: two\n'],
    ['devices.yaml', ''],
    ['devices.yaml', 'devices: 3\n'],
    ['devices.csv', 'name\none\n'],
    ['devices.txt', 'id: one\n'],
    ['devices.yaml', '\xff\xfe\x00'],
  ])('is nothing where it cannot be read: %s %j', async (file, text) => {
    const { devices, from } = await declaredIn(file, Buffer.from(text, 'latin1'));
    expect({ devices, from }).toEqual({ devices: [], from: [] });
  });
});
