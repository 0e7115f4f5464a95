import { posix } from 'node:path';
import type { Finding, Judged, Place } from '../model/finding.ts';
import type { Device, Fleet } from '../model/fleet.ts';
import type { PairCertificates } from '../model/identity.ts';
import { scrubbed } from '../model/secrets.ts';
import type { Workspace } from '../model/workspace.ts';
import { finding } from '../rules/rules.ts';
import type { SyntaxFault } from '../rules/syntax.ts';
import { nullsInLists } from './create-options.ts';
import { readDevice } from './device.ts';
import { parseManifest, patternsOf } from './form.ts';
import { devicesFrom } from './from.ts';
import { at, type MapNode, merge, type Node, type ScalarNode } from './node.ts';
import { searchFindings } from './search.ts';
import { decodeText, SourceText } from './source.ts';
import { validateManifest } from './validate.ts';

const largestManifest = 20 * 1024 * 1024;

/**
 * Reads the manifests (paths and globs, relative to the workspace) as one fleet.
 * A manifest with a fault in its form gives no devices. The other manifests are still read, so that all faults show at once.
 * @param pair sorts certificate files into devices, for `devices: {from: …}`
 */
export async function readFleet(
  patterns: readonly string[],
  workspace: Workspace,
  pair: PairCertificates,
): Promise<Judged<Fleet>> {
  const { files, missing, ...search } = await workspace.find(patterns);
  const everything = patterns.join(', ');
  const findings: Finding[] = missing.map((pattern) => notFound(pattern));
  findings.push(...searchFindings(everything, search, startOf(everything)));
  const read: Judged<readonly Device[]>[] = [];
  for (const file of files) read.push(await readManifest(file, workspace, pair));
  if (files.length === 0 && missing.length === 0) findings.push(notFound(everything));
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

/** The values of a manifest, checked against the schema. */
interface Form {
  readonly root: MapNode;
  readonly source: SourceText;
  /** The devices written in the manifest, before merging the defaults. */
  readonly devices: readonly Node[];
  /** The patterns of `devices.from`, if the manifest has that instead of a list. */
  readonly from?: readonly ScalarNode[];
  /** Tells whether the device at this index and what it inherits pass the schema. */
  readonly sound: (index: number) => boolean;
}

/** Reads the form of one manifest. Returns undefined if its faults leave no list of devices. */
export async function readForm(file: string, workspace: Workspace): Promise<Judged<Form | undefined>> {
  const bytes = workspace.read(file, largestManifest);
  if (!bytes.ok) return refuse(file, { kind: 'unread', file, why: bytes.why, detail: bytes.detail });
  const text = decodeText(bytes.bytes);
  if (text === undefined) return refuse(file, { kind: 'not-utf8', file });
  const source = new SourceText(file, text);
  const parsed = await parseManifest(source);
  if (parsed === undefined) return refuse(file, { kind: 'no-format', file });
  if (parsed.problems.length > 0) {
    return without(
      parsed.problems.map(({ fault, offset }) => finding('manifest/syntax', fault, { place: source.place(offset) })),
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

/** A device with its own thumbprints and without its own certificates does not inherit certificates from the defaults. */
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
  return finding('manifest/empty', { pattern }, { place: startOf(pattern) });
}

/** A pattern stands for the files that it could have found. */
function startOf(pattern: string): Place {
  return { file: scrubbed(pattern), line: 1, column: 1 };
}

function empty(source: SourceText, offset: number): Finding {
  const { file } = source;
  const table = posix.extname(file).toLowerCase() === '.csv';
  return finding('manifest/empty', { file, table }, { place: source.place(offset) });
}

function refuse(file: string, fault: SyntaxFault): Judged<undefined> {
  return without([finding('manifest/syntax', fault, { place: { file, line: 1, column: 1 } })]);
}

function none(findings: readonly Finding[]): Judged<readonly Device[]> {
  return { value: [], findings };
}

function without(findings: readonly Finding[]): Judged<undefined> {
  return { value: undefined, findings };
}
