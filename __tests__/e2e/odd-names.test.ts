import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { stringify } from 'yaml';
import { checkFolder } from '../support/check.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';

type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
type Device = Readonly<Record<string, Value>>;
interface Manifest {
  readonly defaults: Device;
  readonly devices: readonly Device[] | { readonly from: Value };
}

const runtime = { version: '1.1', platform: 'debian' };
const names = {
  'a long name': 'a'.repeat(300),
  'a long name of a folder': `${'a'.repeat(300)}/b.pem`,
  'a long path': `${'abc/'.repeat(1050)}d.pem`,
  'a path longer than any glob': `${'abc/'.repeat(20_000)}d.pem`,
  'a NUL': 'a\0b.pem',
  'a NUL in a folder': 'a\0/b.pem',
  'half a character': '\ud800.pem',
  'a line break': 'a\nb.pem',
  'a loop of links': 'loop/a.pem',
  'a link to itself': 'itself.pem',
  'a name of another file': 'd.yaml/x.pem',
};

/** A manifest in each form. A table has no list, and no value that is a list. */
function inForms(manifest: Manifest): readonly (readonly [file: string, text: string])[] {
  const forms: (readonly [string, string])[] = [
    ['m.yaml', stringify(manifest)],
    ['m.json', JSON.stringify(manifest)],
  ];
  const { devices, defaults } = manifest;
  if (!Array.isArray(devices)) return forms;
  const rows = devices.map((device) => new Map([...flat({ ...defaults, ...device })]));
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = [columns, ...rows.map((row) => columns.map((column) => row.get(column) ?? ''))];
  return [...forms, ['m.csv', lines.map((line) => `${line.map(cell).join(',')}\n`).join('')]];
}

function* flat(value: Value, path = ''): Generator<readonly [string, string]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) yield [path, String(value)];
  else for (const [key, inner] of Object.entries(value)) yield* flat(inner, path === '' ? key : `${path}.${key}`);
}

/** A folder with files for globs to find, and with links that lead nowhere. */
function hostileFolder(): string {
  const folder = folderWith({ 'certs/a.pem': 'x', 'd.yaml': 'devices: []' });
  symlinkSync('loop', join(folder, 'loop'));
  symlinkSync('itself.pem', join(folder, 'itself.pem'));
  return folder;
}

async function check(manifest: Manifest, folder: string) {
  const { writeFileSync } = await import('node:fs');
  const results = [];
  for (const [file, text] of inForms(manifest)) {
    writeFileSync(join(folder, file), text);
    const { findings } = await checkFolder(folder, [file]);
    for (const { place, rule } of findings) {
      // The name of the file that a rule is about, unless the value stands in the manifest.
      expect([rule, place?.file, (place?.line ?? 0) > 0]).toEqual([rule, expect.any(String), true]);
    }
    results.push({ file, findings });
  }
  return results;
}

describe('a name that no file has', () => {
  const places: readonly (readonly [key: string, manifest: (name: string) => Manifest])[] = [
    ['a certificate', (name) => manifestOf({ certificates: { primary: name, secondary: 'certs/a.pem' } })],
    ['an inherited certificate', (name) => manifestOf({}, { certificates: { primary: name } })],
    ['a base', (name) => manifestOf({ config: { base: name } })],
    ['a place on the device', (name) => manifestOf({ identity: { certificate: `/${name}` } })],
    ['a glob of certificates', (name) => ({ defaults: { runtime }, devices: { from: `*${name}` } })],
    ['a glob below a folder', (name) => ({ defaults: { runtime }, devices: { from: [`${name}/**/*.pem`] } })],
    ['a plain path instead of a glob', (name) => ({ defaults: { runtime }, devices: { from: name } })],
  ];

  for (const [key, manifest] of places) {
    itNeeding(['links and modes of POSIX'], `as ${key} is a finding, and loses none of other devices`, async () => {
      const folder = hostileFolder();
      for (const name of Object.values(names)) {
        for (const { findings } of await check(manifest(name), folder)) {
          expect(findings.filter(({ severity }) => severity === 'error')).not.toEqual([]);
          if (Array.isArray(manifest(name).devices))
            expect(findings.map(({ rule }) => rule)).toContain('device/duplicate');
          expect(findings.map(({ rule }) => rule)).not.toContain('device/not-checked');
        }
      }
    });
  }
});

/** The device, and two that are one, whose finding must stay. */
function manifestOf(device: Device, defaults: Device = {}): Manifest {
  const twin = { id: 'twin', thumbprints: { primary: 'AA' } };
  return { defaults: { runtime, ...defaults }, devices: [{ id: 'one', ...device }, twin, twin] };
}
