import { posix } from 'node:path';
import type { Finding, Judged } from '../model/finding.ts';
import type { Device, Fleet } from '../model/fleet.ts';
import type { PairCertificates } from '../model/identity.ts';
import { scrubbed } from '../model/secrets.ts';
import type { Workspace } from '../model/workspace.ts';
import { finding } from '../rules/rules.ts';
import { nullsInLists } from './create-options.ts';
import { readDevice } from './device.ts';
import { parseManifest, patternsOf } from './form.ts';
import { devicesFrom } from './from.ts';
import { at, type MapNode, merge, type Node, type ScalarNode } from './node.ts';
import { decodeText, SourceText } from './source.ts';
import { validateManifest } from './validate.ts';

const largestManifest = 20 * 1024 * 1024;

const remedies = {
  missing: 'Correct the path of the manifest.',
  outside: 'Keep the manifest in the repository, and name it by a path inside.',
  'too-large': 'Cut it into several manifests: together they make one fleet.',
  unreadable: 'Name a file that can be read.',
} as const;

/**
 * Reads the manifests (paths and globs, relative to the workspace) as one fleet.
 * A manifest with a fault of its form gives no devices; the others are read all the same, so that all faults show at once.
 * @param pair tells the devices of certificate files, for `devices: {from: …}`
 */
export async function readFleet(
  patterns: readonly string[],
  workspace: Workspace,
  pair: PairCertificates,
): Promise<Judged<Fleet>> {
  const { files, missing } = await workspace.find(patterns);
  const findings: Finding[] = missing.map((pattern) => notFound(pattern));
  const read: Judged<readonly Device[]>[] = [];
  for (const file of files) read.push(await readManifest(file, workspace, pair));
  if (files.length === 0 && missing.length === 0) findings.push(notFound(patterns.join(', ')));
  return {
    value: { devices: read.flatMap(({ value }) => value), manifests: files },
    findings: [...findings, ...read.flatMap((one) => one.findings)],
  };
}

async function readManifest(
  file: string,
  workspace: Workspace,
  pair: PairCertificates,
): Promise<Judged<readonly Device[]>> {
  const { value: form, findings } = await readForm(file, workspace);
  if (form === undefined) return none(findings);
  if (form.from === undefined) {
    const devices = readDevices(form, form.devices);
    return { value: devices.value, findings: [...findings, ...devices.findings] };
  }
  const matched = await devicesFrom(form.from, posix.dirname(file), workspace, pair);
  const devices = readDevices(form, matched.value);
  return { value: devices.value, findings: [...findings, ...matched.findings, ...devices.findings] };
}

/** A manifest's values, which the schema has seen. */
interface Form {
  readonly root: MapNode;
  readonly source: SourceText;
  /** The devices written in it, before anything is merged. */
  readonly devices: readonly Node[];
  /** The patterns of `devices.from`, where that stands instead of a list. */
  readonly from?: readonly ScalarNode[];
  /** Whether the device at this index is as the schema wants it, and what it inherits. */
  readonly sound: (index: number) => boolean;
}

/** Reads one manifest as far as its form goes; nothing where that has a fault which leaves no list of devices. */
export async function readForm(file: string, workspace: Workspace): Promise<Judged<Form | undefined>> {
  const bytes = workspace.read(file, largestManifest);
  if (!bytes.ok) return refuse(file, `${file} cannot be read: ${bytes.detail}`, remedies[bytes.why]);
  const text = decodeText(bytes.bytes);
  if (text === undefined) return refuse(file, `${file} is not text in UTF-8`, 'Save it as UTF-8.');
  const source = new SourceText(file, text);
  const parsed = await parseManifest(source);
  if (parsed === undefined)
    return refuse(
      file,
      `${file} is no manifest: expected a name that ends in .yaml, .yml, .json or .csv`,
      'Rename it.',
    );
  if (parsed.problems.length > 0) {
    return without(
      parsed.problems.map(({ what, offset }) => finding('manifest/syntax', { what }, { place: source.place(offset) })),
    );
  }
  if (parsed.node === undefined) return without(parsed.findings ?? [empty(source, 0)]);
  const { findings: ofSchema, sound } = validateManifest(parsed.node);
  const findings = [...(parsed.findings ?? []), ...ofSchema, ...nullsInLists(parsed.node)];
  const devices = at(parsed.node, ['devices']);
  if (parsed.node.kind !== 'map' || devices === undefined) return without(findings);
  const form = { root: parsed.node, source, sound };
  const from = patternsOf(devices);
  if (from.length > 0) return { value: { ...form, devices: [], from }, findings };
  if (devices.kind !== 'list') return without(findings);
  if (devices.items.length === 0) return without([...findings, empty(source, devices.offset)]);
  return { value: { ...form, devices: devices.items }, findings };
}

function readDevices({ root, source, sound, from }: Form, devices: readonly Node[]): Judged<readonly Device[]> {
  const defaults = at(root, ['defaults']);
  const hub = at(root, ['hub']);
  const inherits = (own: Node) => (from === undefined ? inherited(defaults, own) : withoutCertificates(defaults));
  const read = devices
    .filter((_, index) => sound(index))
    .map((own) => readDevice(merge(inherits(own), own), posix.dirname(source.file), hub));
  return {
    value: read.flatMap(({ device }) => (device === undefined ? [] : [device])),
    findings: read.flatMap(({ findings }) => findings),
  };
}

/** A device with thumbprints of its own and no certificates of its own does not take the certificates of the defaults. */
function inherited(defaults: Node | undefined, own: Node): Node | undefined {
  const ownThumbprints = at(own, ['thumbprints'])?.kind === 'map' && at(own, ['certificates']) === undefined;
  return ownThumbprints ? withoutCertificates(defaults) : defaults;
}

function withoutCertificates(defaults: Node | undefined): Node | undefined {
  if (defaults?.kind !== 'map') return defaults;
  const entries = new Map(defaults.entries);
  entries.delete('certificates');
  return { ...defaults, entries };
}

function notFound(pattern: string): Finding {
  const remedy = 'Correct the input manifest (paths and globs, one a line, relative to the repository).';
  const place = { file: scrubbed(pattern), line: 1, column: 1 };
  return finding('manifest/empty', { what: `no manifest found at ${pattern}`, remedy }, { place });
}

function empty(source: SourceText, offset: number): Finding {
  const inTable = posix.extname(source.file).toLowerCase() === '.csv';
  const remedy = inTable
    ? 'Add at least one row below the names of the columns.'
    : 'Add at least one device, for example: devices: [{id: edge-001}].';
  return finding(
    'manifest/empty',
    { what: `${source.file} names no devices`, remedy },
    { place: source.place(offset) },
  );
}

function refuse(file: string, what: string, remedy?: string): Judged<undefined> {
  const details = remedy === undefined ? { what } : { what, remedy };
  return without([finding('manifest/syntax', details, { place: { file, line: 1, column: 1 } })]);
}

function none(findings: readonly Finding[]): Judged<readonly Device[]> {
  return { value: [], findings };
}

function without(findings: readonly Finding[]): Judged<undefined> {
  return { value: undefined, findings };
}
