import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type FirstDevice, firstManifest, readTable } from '../../src/manifest/first.ts';
import { readFleet } from '../../src/manifest/read.ts';
import { fileNameOf, isDeviceId } from '../../src/model/fleet.ts';
import type { Workspace } from '../../src/model/workspace.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { hubHost } from '../hub/devices.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { fc, times } from '../support/property.ts';
import { noPairs } from './pairs.ts';

const runtime = { version: '1.1', platform: 'debian' } as const;

function device(id: string, primary?: string, secondary?: string, settings = {}): FirstDevice {
  const certificates = {
    ...(primary === undefined ? {} : { primary }),
    ...(secondary === undefined ? {} : { secondary }),
  };
  return { id, certificates, settings };
}

describe('a first manifest', () => {
  it('is YAML that editors complete, with what is common said once', () => {
    const devices = ['b-2', 'a-1'].map((id) => device(id, `certs/${id}-primary.pem`, `certs/${id}-secondary.pem`));
    const text = firstManifest(devices, { hub: hubHost('a.b'), runtime: { version: '1.10', platform: 'windows' } });
    expect(text).toMatch(/^# yaml-language-server: \$schema=https:\S+devices\.schema\.json\nversion: 1\nhub: a\.b\n/);
    expect(text).toContain('runtime: { version: "1.10", platform: windows }\n');
    expect(parse(text)).toEqual({
      version: 1,
      hub: 'a.b',
      defaults: {
        certificates: { primary: 'certs/{id}-primary.pem', secondary: 'certs/{id}-secondary.pem' },
        runtime: { version: '1.10', platform: 'windows' },
      },
      devices: [{ id: 'b-2' }, { id: 'a-1' }],
    });
  });

  it('writes out what differs, and takes away what a device has not', () => {
    const text = firstManifest(
      [device('one', 'c/one.pem', 's/one.pem'), device('two', 'c/two.pem'), device('three', 'c/3.pem', 's/three.pem')],
      { runtime },
    );
    expect(parse(text)).toMatchObject({
      defaults: { certificates: { primary: 'c/{id}.pem', secondary: 's/{id}.pem' } },
      devices: [
        { id: 'one' },
        { id: 'two', certificates: { secondary: null } },
        { id: 'three', certificates: { primary: 'c/3.pem' } },
      ],
    });
  });

  it('has no defaults for certificates that have nothing in common', () => {
    const manifest = parse(firstManifest([device('one', 'a.pem'), device('two', 'b.pem')], { runtime }));
    expect(manifest.defaults).toEqual({ runtime });
    expect(manifest.devices[1]).toEqual({ id: 'two', certificates: { primary: 'b.pem' } });
  });

  it('takes the id for the id only where it is a whole word', () => {
    const manifest = parse(firstManifest([device('a', 'data/a-primary.pem')], { runtime }));
    expect(manifest.defaults.certificates).toEqual({ primary: 'data/{id}-primary.pem' });
  });

  it('proposes the usual places where no device has a certificate yet', () => {
    const manifest = parse(firstManifest([device('one'), device('two')], { runtime }));
    expect(manifest.defaults.certificates).toEqual({
      primary: 'certs/{id}-primary.pem',
      secondary: 'certs/{id}-secondary.pem',
    });
  });

  it('is read back as the devices that went in', async () => {
    const id = fc.string({
      unit: fc.constantFrom('a', 'b', '1', '-', '.', '%', ':', '*', '$', "'", '#'),
      minLength: 1,
      maxLength: 6,
    });
    const path = (slot: string) => (name: string) =>
      fc.option(fc.constantFrom(`certs/${name}-${slot}.pem`, `${slot}/${name}.cer`, `x-${slot}.pem`), {
        nil: undefined,
      });
    const one = id.chain((text) => {
      const name = fileNameOf(text);
      return fc.record({
        id: fc.constant(text),
        primary: path('primary')(name),
        secondary: path('secondary')(name),
        thumbprint: fc.boolean(),
      });
    });
    const fleet = fc.uniqueArray(one, { selector: (d) => d.id, minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fleet, async (devices) => {
        const first = devices.map(({ id, primary, secondary, thumbprint }) =>
          device(id, primary, secondary, thumbprint ? { thumbprints: { primary: 'AA' } } : {}),
        );
        const text = firstManifest(first, { runtime });
        const inMemory: Workspace = {
          ...openWorkspace('.'),
          find: async () => ({ files: ['m.yaml'], missing: [] }),
          read: () => ({ ok: true, bytes: Buffer.from(text) }),
        };
        const { value, findings } = await readFleet(['m.yaml'], inMemory, noPairs);
        expect(findings).toEqual([]);
        for (const [index, { id, certificates, settings }] of first.entries()) {
          const read = value.devices[index]!;
          expect(isDeviceId(id) && read.id).toBe(id);
          if (Object.keys(certificates).length > 0 || 'thumbprints' in settings)
            expect(read.certificates).toEqual(certificates);
        }
      }),
      times(200),
    );
  });
});

describe('a table of devices to be', () => {
  const read = (text: string) => readTable('plant/ids.csv', openWorkspace(folderWith({ 'plant/ids.csv': text })));

  it('gives ids with their other keys; certificates lie where the table says', async () => {
    const { value, findings } = await read(
      'id;config.hostname;certificates.primary\na;a.example;c/{id}.pem\nb;;/abs.pem\nc;;\n',
    );
    expect(findings).toEqual([]);
    expect(value).toEqual([
      device('a', 'plant/c/{id}.pem', undefined, { config: { hostname: 'a.example' } }),
      device('b', '/abs.pem'),
      device('c'),
    ]);
  });

  it('tells what it leaves out: unknown columns, rows with faults, ids that stand twice', async () => {
    const { value, findings } = await read('id,colour,status\na,red,\nb,,on\na,,disabled\n,,enabled\n');
    expect(findings.map(({ rule, place }) => [rule, place?.line, place?.column])).toEqual([
      ['manifest/unknown-key', 1, 4],
      ['manifest/type', 3, 4],
      ['manifest/type', 5, 1],
      ['device/duplicate', 4, 1],
    ]);
    expect(findings.at(-1)).toEqual({
      ...told('device/duplicate', { id: 'a', first: 'plant/ids.csv:2' }),
      place: at('plant/ids.csv', 4, 1),
      device: 'a',
    });
    expect(value.map(({ id }) => id)).toEqual(['a']);
  });

  it('is told when it is none', async () => {
    const { value, findings } = await read('name\nx\n');
    expect([value, findings.map(({ rule }) => rule)]).toEqual([[], ['manifest/unknown-key', 'manifest/type']]);
  });
});
