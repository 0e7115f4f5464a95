import { messageOf } from '../../../model/fault.ts';
import type { Finding, Judged, Subject } from '../../../model/finding.ts';
import type { Device, RuntimeVersion } from '../../../model/fleet.ts';
import { finding } from '../../../rules/rules.ts';
import { endpointOf } from '../../endpoint.ts';
import { createOptionsFindings } from '../../judge/create-options.ts';
import { judgeName } from '../../judge/hostname.ts';
import { readPlaces } from '../../judge/places.ts';
import { editsOfToml, renderOnBase } from '../device.ts';
import { hostnameOfBase } from '../hostname.ts';
import { judgeBasePlaceholders } from '../placeholders.ts';
import { judgeBaseSecrets } from '../secrets.ts';
import type { TomlBase } from './base.ts';
import { judgeKeys } from './judge-keys.ts';
import { judgeSyntax } from './judge-syntax.ts';
import type { Range } from './lines.ts';
import { placesIn, readToml } from './read.ts';
import { isPlain, piecesOf, type TomlTable, type TomlValue, valueAt } from './tree.ts';

type SubjectOf = (devices: readonly Device[]) => Subject;

/**
 * Reads and judges a config.toml for all devices that use it. Gives no value if it cannot be edited. Findings name their
 * line in it.
 */
export function judgeToml(
  path: string,
  fileText: string,
  devices: readonly Device[],
  subjectOf: SubjectOf,
): Judged<TomlBase | undefined> {
  const subject = subjectOf(devices);
  const read = readToml(path, fileText);
  const base = 'base' in read ? read.base : undefined;
  const secrets = judgeBaseSecrets(
    {
      path,
      text: base?.text ?? fileText,
      place: placesIn(path, base?.text ?? fileText),
      texts: base === undefined ? [] : textsOf(base.root),
    },
    subject,
  );
  if ('problem' in read) {
    const { problem, place } = read;
    return {
      value: undefined,
      findings: [finding('config/base', { path, problem }, { ...subject, place }), ...secrets],
    };
  }
  return { value: read.base, findings: [...secrets, ...judgeBase(read.base, devices, subjectOf)] };
}

function judgeBase(base: TomlBase, devices: readonly Device[], subjectOf: SubjectOf): readonly Finding[] {
  const { path, text, place, root } = base;
  const replaced = [
    ...rangesOf(valueAt(root, ['provisioning'])),
    ...rangesOf(valueAt(root, ['agent', 'config', 'auth'])),
  ];
  const findings: Finding[] = [
    ...judgeBasePlaceholders({ path, text, place, replaced }, devices, subjectOf),
    ...judgeIdentity(base, subjectOf(devices)),
    ...judgeOwnHostname(
      base,
      devices.filter(({ config }) => config.hostname === undefined),
      subjectOf,
    ),
  ];
  for (const { version, given, users } of groupsOf(base, devices)) {
    findings.push(...judgeSyntax(base, version, subjectOf(users)));
    findings.push(...judgeKeys(base, version, given, subjectOf(users)));
    findings.push(...judgeOptions(base, version, given, subjectOf(users)));
  }
  // The workflow may lower what the other checks find. Then the file is edited, which has to be tried here.
  const cannotBeEdited = findings.some(({ rule }) => rule === 'config/base');
  return cannotBeEdited ? findings : [...findings, ...judgeEdits(base, devices)];
}

/** The options of the agent's container are judged as those of a manifest. */
function judgeOptions(
  base: TomlBase,
  version: RuntimeVersion,
  given: ReadonlySet<string>,
  subject: Subject,
): readonly Finding[] {
  const key = 'agent.config.createOptions';
  const options = valueAt(base.root, key.split('.'));
  if (options?.kind !== 'table' || given.has(key)) return [];
  const at = (path: string) => ({ ...subject, place: base.place(nearest(base.root, path.split('.'))) });
  return createOptionsFindings(withFractions(options), version, at, key);
}

/** The value as a reader has it, but 5.0 still differs from 5, as it does for the runtime. */
function withFractions(value: TomlValue): unknown {
  if (value.kind === 'list') return value.items.map(withFractions);
  if (value.kind === 'table')
    return Object.fromEntries([...value.entries].map(([name, entry]) => [name, withFractions(entry.value)]));
  return value.kind === 'float' && Number.isInteger(value.value) ? 0.5 : value.value;
}

/** The offset of a setting, or of the one that it is a part of. */
function nearest(table: TomlTable, [name = '', ...rest]: readonly string[], found = 0): number {
  const entry = table.entries.get(name);
  if (entry === undefined) return found;
  return entry.value.kind === 'table' && rest.length > 0 ? nearest(entry.value, rest, entry.key) : entry.key;
}

/** Devices of one version for which the manifest writes the same settings are judged once. */
function groupsOf(base: TomlBase, devices: readonly Device[]) {
  const groups = new Map<
    string,
    { version: Device['runtime']['version']; given: ReadonlySet<string>; users: Device[] }
  >();
  for (const device of devices) {
    const { version } = device.runtime;
    const places = readPlaces(device).value;
    const { set } = places === undefined ? { set: [] } : editsOfToml(base, device, endpointOf(device), places);
    const given = new Set(set.map(({ path }) => path.join('.')));
    const key = JSON.stringify([version.text, ...given]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { version, given, users: [device] });
    else group.users.push(device);
  }
  return groups.values();
}

/** Edits the file for each device, so that a device for which it fails is refused before anything is written. */
export function judgeEdits(base: TomlBase, devices: readonly Device[]): readonly Finding[] {
  return devices.flatMap((device) => {
    const places = readPlaces(device).value;
    if (places === undefined) return [];
    try {
      renderOnBase(base, device, endpointOf(device), places);
      return [];
    } catch (thrown) {
      const problem = { kind: 'not-editable', detail: messageOf(thrown) } as const;
      const subject = { device: device.id, hub: device.hub, place: base.place(0) };
      return [finding('config/base', { path: base.path, problem }, subject)];
    }
  });
}

/** The hub knows the thumbprint of one certificate. One that the device gets by itself has another after each renewal. */
function judgeIdentity({ path, place, root }: TomlBase, subject: Subject): readonly Finding[] {
  return ['authentication', 'attestation'].flatMap((section) => {
    const key = `provisioning.${section}.identity_cert`;
    const value = valueAt(root, key.split('.'));
    if (value?.kind !== 'table') return [];
    const method = value.entries.get('method')?.value;
    const how = method?.kind === 'text' ? `issued by "${String(method.value)}"` : 'issued on the device';
    return [finding('config/base-renewing-identity', { path, key, how }, { ...subject, place: place(value.start) })];
  });
}

function judgeOwnHostname(base: TomlBase, bare: readonly Device[], subjectOf: SubjectOf): readonly Finding[] {
  const entry = base.root.entries.get('hostname');
  const hostname = hostnameOfBase(base);
  if (entry === undefined || hostname === undefined || bare.length === 0) return [];
  const at = { ...subjectOf(bare), place: base.place(entry.key) };
  return judgeName(hostname, { key: `hostname in ${base.path}`, of: 'aziot' }, at);
}

function rangesOf(value: TomlValue | undefined): readonly Range[] {
  if (value === undefined) return [];
  return isPlain(value) ? [value] : piecesOf(value);
}

function* textsOf(table: TomlTable, prefix = ''): Generator<readonly [key: string, offset: number, value: string]> {
  for (const [name, { key, value }] of table.entries) {
    if (value.kind === 'text') yield [prefix + name, key, String(value.value)];
    if (value.kind === 'table') yield* textsOf(value, `${prefix}${name}.`);
  }
}
