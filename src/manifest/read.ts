import { posix } from 'node:path';
import type { Finding, Judged, Place } from '../model/finding.ts';
import type { Device, Fleet } from '../model/fleet.ts';
import { foreignForm } from '../model/foreign-form.ts';
import type { PairCertificates } from '../model/identity.ts';
import { scrubbed } from '../model/secrets.ts';
import { Texts } from '../model/texts.ts';
import type { Workspace } from '../model/workspace.ts';
import { guarded } from '../rules/guarded.ts';
import { finding } from '../rules/rules.ts';
import type { SyntaxFault } from '../rules/syntax.ts';
import { Budget } from './budget.ts';
import { nullsInLists } from './create-options.ts';
import { readDevice } from './device.ts';
import { parseManifest, patternsOf } from './form.ts';
import { devicesFrom } from './from.ts';
import { most } from './limits.ts';
import { at, type MapNode, merge, type Node, placeOf, type ScalarNode } from './node.ts';
import { searchFindings } from './search.ts';
import { decodeText, SourceText } from './source.ts';
import type { SyntaxProblem } from './syntax.ts';
import { validateManifest } from './validate.ts';
import { textOf } from './values.ts';

const largestManifest = 20 * 1024 * 1024;

/**
 * Reads the manifests (paths and globs, relative to the workspace) as one fleet.
 * A manifest with a fault in its form gives no devices. The other manifests are still read, so that all faults show at once.
 * @param pair sorts certificate files into devices, for `devices: {from: …}`
 * @param texts gets the texts of the manifests
 */
export async function readFleet(
  patterns: readonly string[],
  workspace: Workspace,
  pair: PairCertificates,
  texts = new Texts(),
): Promise<Judged<Fleet>> {
  const { files, missing, ...search } = await workspace.find(patterns);
  const everything = patterns.join(', ');
  const findings: Finding[] = missing.map((pattern) => notFound(pattern));
  findings.push(...searchFindings(everything, search, startOf(everything)));
  const read: Judged<readonly Device[]>[] = [];
  const parts = { pair, budget: new Budget(), texts };
  for (const file of files) read.push(await readManifest(file, workspace, parts));
  if (files.length === 0 && missing.length === 0) findings.push(notFound(everything));
  return {
    value: { devices: read.flatMap(({ value }) => value), manifests: files },
    findings: [...findings, ...read.flatMap((one) => one.findings)],
  };
}

/** What the manifests of a run share. */
interface Parts {
  readonly pair: PairCertificates;
  readonly budget: Budget;
  readonly texts: Texts;
}

async function readManifest(
  file: string,
  workspace: Workspace,
  { pair, budget, texts }: Parts,
): Promise<Judged<readonly Device[]>> {
  const { value: form, findings } = await readForm(file, workspace, texts);
  if (form === undefined) return none(findings);
  if (form.from === undefined) {
    const devices = readDevices(form, form.devices, budget);
    return { value: devices.value, findings: [...findings, ...devices.findings] };
  }
  const matched = await devicesFrom(form.from, posix.dirname(file), workspace, pair);
  const devices = readDevices(form, matched.value, budget);
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
export async function readForm(
  file: string,
  workspace: Workspace,
  texts = new Texts(),
): Promise<Judged<Form | undefined>> {
  const bytes = workspace.read(file, largestManifest);
  if (!bytes.ok) return refuse(file, { kind: 'unread', file, why: bytes.why, detail: bytes.detail });
  const foreign = foreignForm(bytes.bytes);
  if (foreign !== undefined) return refuse(file, { kind: foreign, file });
  const text = decodeText(bytes.bytes);
  if (text === undefined) return refuse(file, { kind: 'not-utf8', file });
  texts.add(file, text);
  const source = new SourceText(file, text);
  const parsed = await parseManifest(source);
  if (parsed === undefined) return refuse(file, { kind: 'no-format', file });
  if (parsed.problems.length > 0) return without(syntaxFindings(parsed.problems, source));
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

/** The first problems of a text, and a word about the others. */
function syntaxFindings(problems: readonly SyntaxProblem[], source: SourceText): readonly Finding[] {
  const [next] = problems.slice(most.syntaxFaults);
  const told: readonly SyntaxProblem[] = [
    ...problems.slice(0, most.syntaxFaults),
    ...(next === undefined ? [] : [{ fault: { kind: 'more-faults' } as const, offset: next.offset }]),
  ];
  return told.map(({ fault, offset }) => finding('manifest/syntax', fault, { place: source.place(offset) }));
}

function readDevices(
  { root, source, sound, from }: Form,
  devices: readonly Node[],
  budget: Budget,
): Judged<readonly Device[]> {
  const hub = at(root, ['hub']);
  const inherits = inheritance(at(root, ['defaults']), from !== undefined);
  const judged = devices.filter((_, index) => sound(index));
  const overrun = budget.add(judged, inherits);
  if (overrun !== undefined) {
    return none([finding('manifest/syntax', overrun.fault, { place: placeOf(overrun.location) })]);
  }
  const read = judged.map((own) =>
    guarded(
      () => readDevice(merge(inherits(own), own), posix.dirname(source.file), hub),
      () => ({ place: placeOf(at(own, ['id']) ?? own), device: textOf(at(own, ['id'])) }),
    ),
  );
  return {
    value: read.flatMap(({ value }) => (value === undefined ? [] : [value])),
    findings: read.flatMap(({ findings }) => findings),
  };
}

/**
 * Returns what each device inherits. A device with its own thumbprints and without its own certificates does not inherit
 * certificates; nor does a device that is named by its certificates.
 */
function inheritance(defaults: Node | undefined, fromCertificates: boolean): (own: Node) => Node | undefined {
  const bare = withoutCertificates(defaults);
  return (own) => {
    const ownThumbprints = at(own, ['thumbprints'])?.kind === 'map' && at(own, ['certificates']) === undefined;
    return fromCertificates || ownThumbprints ? bare : defaults;
  };
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
