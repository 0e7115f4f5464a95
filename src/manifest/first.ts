import { posix } from 'node:path';
import { Document, isMap, isScalar, Scalar } from 'yaml';
import type { Finding, Judged } from '../model/finding.ts';
import { type BySlot, fileNameOf, type HubHost, type Platform, type Slot, slots } from '../model/fleet.ts';
import type { Workspace } from '../model/workspace.ts';
import { finding } from '../rules/rules.ts';
import { at, type Node, placeOf, plain } from './node.ts';
import { readForm } from './read.ts';

/** A device of a manifest to be. */
export interface FirstDevice {
  readonly id: string;
  /** Paths; `firstManifest` takes them relative to the manifest, `readTable` gives them relative to the workspace. */
  readonly certificates: BySlot<string>;
  /** Its other keys, as a manifest has them. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface FirstManifestOptions {
  readonly hub?: HubHost;
  readonly runtime: { readonly version: string; readonly platform: Platform };
}

const schema = 'https://raw.githubusercontent.com/OWNER/provision-iot-edge/v1/schemas/devices.schema.json';

/**
 * A first manifest in YAML. What most certificates have in common stands once in `defaults`, with `{id}`; where no device
 * has any yet, their usual places do.
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
  // Always in quotes: whoever makes it shorter by hand (1.1) keeps a text.
  const version = document.getIn(['defaults', 'runtime', 'version'], true);
  if (isScalar(version)) version.type = Scalar.QUOTE_DOUBLE;
  if (document.contents !== null) document.contents.commentBefore = ` yaml-language-server: $schema=${schema}`;
  return document.toString({ lineWidth: 0 });
}

/**
 * The devices of a CSV with their keys, for a manifest to be: it needs a column `id`, and may have any that a manifest has.
 * An id that stands twice is a finding, and the first row counts.
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

/** For each slot the pattern that at least half of its certificates follow. */
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

/** `certs/edge-001-primary.pem` → `certs/{id}-primary.pem`; only whole words are taken for the id. */
function patternOf(path: string, id: string): string | undefined {
  const name = fileNameOf(id).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = path.replace(new RegExp(`(?<![A-Za-z0-9])${name}(?![A-Za-z0-9])`, 'g'), '{id}');
  return pattern === path ? undefined : pattern;
}

/** What the patterns do not say of the device's certificates; `null` takes away what they say too much. */
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
  // Beside thumbprints of its own a device inherits certificates only when it names one.
  return 'thumbprints' in settings ? { certificates } : {};
}
