import { posix } from 'node:path';
import { Document, isMap, isScalar, Scalar } from 'yaml';
import type { Finding, Judged } from '../model/finding.ts';
import { type BySlot, fileNameOf, type Platform, type Slot, slots } from '../model/fleet.ts';
import type { Workspace } from '../model/workspace.ts';
import { finding } from '../rules/rules.ts';
import { at, type Node, placeOf, plain } from './node.ts';
import { readForm } from './read.ts';

/** A device of a manifest that is about to be written. */
export interface FirstDevice {
  readonly id: string;
  /** Paths. `firstManifest` takes them relative to the manifest; `readTable` returns them relative to the workspace. */
  readonly certificates: BySlot<string>;
  /** The other keys of the device, as in a manifest. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface FirstManifestOptions {
  /** The host name that devices sign in at. */
  readonly hub?: string;
  readonly runtime: { readonly version: string; readonly platform: Platform };
}

const schema = 'https://raw.githubusercontent.com/OWNER/provision-iot-edge/v1/schemas/devices.schema.json';

/**
 * Writes a first manifest in YAML. The pattern that most certificate paths follow is written once in `defaults`, with `{id}`. If
 * no device has certificates yet, `defaults` gets the usual paths.
 */
export function firstManifest(devices: readonly FirstDevice[], { hub, runtime }: FirstManifestOptions): string {
  const patterns = devices.some(isIdentified) ? commonPatterns(devices) : usualPatterns;
  const document = new Document({
    version: 1,
    ...(hub === undefined ? {} : { hub }),
    defaults: { ...(Object.keys(patterns).length === 0 ? {} : { certificates: patterns }), runtime },
    devices: devices.map((device) => ({ id: device.id, ...ownCertificates(device, patterns), ...device.settings })),
  });
  const inOneLine = document.getIn(['defaults', 'runtime'], true);
  if (isMap(inOneLine)) inOneLine.flow = true;
  // Always in quotes, so that a version shortened by hand (1.1) is still text.
  const version = document.getIn(['defaults', 'runtime', 'version'], true);
  if (isScalar(version)) version.type = Scalar.QUOTE_DOUBLE;
  if (document.contents !== null) document.contents.commentBefore = ` yaml-language-server: $schema=${schema}`;
  return document.toString({ lineWidth: 0 });
}

/**
 * Reads the devices of a CSV for a new manifest. The CSV needs a column `id` and may have any other column of a manifest.
 * A repeated id is a finding; the first row counts.
 */
export async function readTable(file: string, workspace: Workspace): Promise<Judged<readonly FirstDevice[]>> {
  const { value: form, findings } = await readForm(file, workspace);
  if (form === undefined) return { value: [], findings };
  const devices = new Map<string, FirstDevice>();
  const places = new Map<string, string>();
  const repeated: Finding[] = [];
  for (const [index, row] of form.devices.entries()) {
    const id = at(row, ['id']);
    if (!form.sound(index) || row.kind !== 'map' || id?.kind !== 'scalar') continue;
    const name = String(id.value);
    const place = placeOf(id);
    const first = places.get(name);
    if (first !== undefined) repeated.push(finding('device/duplicate', { id: name, first }, { place, device: name }));
    else {
      const settings = [...row.entries].filter(([key]) => !['id', 'certificates'].includes(key));
      devices.set(name, {
        id: name,
        certificates: certificatesOf(row, posix.dirname(file)),
        settings: Object.fromEntries(settings.map(([key, { node }]) => [key, plain(node)])),
      });
      places.set(name, `${place.file}:${place.line}`);
    }
  }
  return { value: [...devices.values()], findings: [...findings, ...repeated] };
}

function certificatesOf(row: Node, folder: string): BySlot<string> {
  const paths: { [S in Slot]?: string } = {};
  for (const slot of slots) {
    const path = at(row, ['certificates', slot]);
    if (path?.kind !== 'scalar' || typeof path.value !== 'string') continue;
    paths[slot] = posix.isAbsolute(path.value) ? path.value : posix.join(folder, path.value);
  }
  return paths;
}

const usualPatterns: BySlot<string> = {
  primary: 'certs/{id}-primary.pem',
  secondary: 'certs/{id}-secondary.pem',
};

function isIdentified({ certificates, settings }: FirstDevice): boolean {
  return Object.keys(certificates).length > 0 || 'thumbprints' in settings;
}

/** Returns for each slot the pattern that at least half of its certificates follow. */
function commonPatterns(devices: readonly FirstDevice[]): BySlot<string> {
  const patterns = slots.flatMap((slot) => {
    const counts = new Map<string, number>();
    const paths = devices.flatMap(({ id, certificates }) => {
      const path = certificates[slot];
      return path === undefined ? [] : [patternOf(path, id)];
    });
    for (const pattern of paths) if (pattern !== undefined) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
    const [best] = [...counts].sort(([, a], [, b]) => b - a);
    return best === undefined || best[1] * 2 < paths.length ? [] : [[slot, best[0]]];
  });
  return Object.fromEntries(patterns);
}

/** `certs/edge-001-primary.pem` → `certs/{id}-primary.pem`. Replaces the id only as a whole word. */
function patternOf(path: string, id: string): string | undefined {
  const name = fileNameOf(id).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = path.replace(new RegExp(`(?<![A-Za-z0-9])${name}(?![A-Za-z0-9])`, 'g'), '{id}');
  return pattern === path ? undefined : pattern;
}

/** Returns the device's certificates that differ from the patterns. `null` removes a certificate that only the pattern has. */
function ownCertificates({ id, certificates, settings }: FirstDevice, patterns: BySlot<string>): object {
  if (Object.keys(certificates).length === 0) return {};
  const own: { [S in Slot]?: string | null } = {};
  for (const slot of slots) {
    const path = certificates[slot];
    const pattern = patterns[slot];
    if (path === undefined && pattern !== undefined) own[slot] = null;
    if (path !== undefined && path !== pattern?.replaceAll('{id}', () => fileNameOf(id))) own[slot] = path;
  }
  if (Object.keys(own).length > 0) return { certificates: own };
  // A device with thumbprints of its own inherits certificates only if it names one itself.
  return 'thumbprints' in settings ? { certificates } : {};
}
