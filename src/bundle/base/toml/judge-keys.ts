import { distance } from 'fastest-levenshtein';
import type { Finding, Subject } from '../../../model/finding.ts';
import type { RuntimeVersion } from '../../../model/fleet.ts';
import { finding } from '../../../rules/rules.ts';
import type { TomlBase } from './base.ts';
import { judgeEdgeCa } from './edge-ca.ts';
import type { Judge } from './judging.ts';
import { edgeCa, isKeyParameter, type Key, keyParameters, knownKeys, type TomlType } from './known-keys.ts';
import type { TomlEntry, TomlTable, TomlValue } from './tree.ts';
import { problemOfValue, wrongType } from './value.ts';

/**
 * Returns a finding for each key that a version of the runtime does not know and for each value that it refuses. The
 * section `provisioning` is left out: it becomes a comment.
 */
export function judgeKeys(
  base: TomlBase,
  version: RuntimeVersion,
  given: ReadonlySet<string>,
  subject: Subject,
): readonly Finding[] {
  const findings: Finding[] = [];
  const { path } = base;
  const at = (offset: number) => ({ ...subject, place: base.place(offset) });
  const judge: Judge = {
    base,
    version,
    given,
    refuse: (offset, key, problem) => {
      findings.push(finding('config/base-value', { path, key, problem, version: version.text }, at(offset)));
    },
    passOver: (offset, key, known, problem) => {
      if (findings.length >= most) return;
      const name = key.split('.').at(-1) ?? '';
      const suggestion = known.find((one) => one !== name && distance(one, name) <= 2);
      const more = problem === undefined ? (suggestion === undefined ? {} : { suggestion }) : { problem };
      findings.push(finding('config/base-unknown-key', { path, key, known, ...more }, at(offset)));
    },
    drop: (offset, key, problem, other) => {
      const more = other === undefined ? {} : { other };
      findings.push(finding('config/base-dropped', { path, key, problem, ...more }, at(offset)));
    },
  };
  judgeSection(judge, base.root, knownKeys, { key: '', offset: 0 });
  const [hostname, other] = ['parent_hostname', 'local_gateway_hostname'].map((name) => base.root.entries.get(name));
  if (hostname !== undefined && other !== undefined && version.minor >= 4)
    judge.refuse(other.key, 'local_gateway_hostname', { kind: 'twice', other: 'parent_hostname' });
  return findings;
}

/** A file that is no config.toml may have an unknown key on each of its lines. */
const most = 1000;

interface Spot {
  /** The dotted path; empty at the top. */
  readonly key: string;
  readonly offset: number;
}

function judgeSection(judge: Judge, { entries }: TomlTable, keys: Readonly<Record<string, Key>>, spot: Spot): void {
  for (const [name, entry] of entries) {
    const key = joined(spot.key, name);
    const known = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (known === undefined) judgeUnknown(judge, entry, key, Object.keys(keys));
    else if (!knows(judge.version, known)) {
      const { since, last } = known;
      const versions = { ...(since === undefined ? {} : { since }), ...(last === undefined ? {} : { last }) };
      judge.passOver(entry.key, key, [], { kind: 'other-version', version: judge.version.text, ...versions });
    } else judgeKnown(judge, entry, known, { key, entries });
  }
  if (spot.key === '') return;
  for (const [name, { required }] of Object.entries(keys)) {
    const missing = required === true && !entries.has(name) && !isGiven(judge, joined(spot.key, name));
    if (missing) judge.refuse(spot.offset, spot.key, { kind: 'missing', name });
  }
}

function judgeKnown(
  judge: Judge,
  { key: offset, value }: TomlEntry,
  { type, pair, lenient }: Key,
  { key, entries }: { readonly key: string; readonly entries: TomlTable['entries'] },
): void {
  if (key === 'provisioning' || judge.given.has(key)) return;
  if (pair !== undefined && !entries.has(pair)) judge.drop(offset, key, 'half-pair', pair);
  else if (lenient === true || pair !== undefined) {
    if (refused(judge, value, type, key)) judge.drop(offset, key, 'type');
  } else if (key === 'edge_ca' && value.kind === 'table')
    judgeEdgeCa(judge, value, offset, looksAt(judge, value, offset));
  else judgeValue(judge, value, type, { key, offset });
}

function judgeValue(judge: Judge, value: TomlValue, type: TomlType, spot: Spot): void {
  const { key, offset } = spot;
  if (type.kind === 'either') judgeEither(judge, value, type.of, spot);
  else if (type.kind === 'section' && value.kind === 'table') judgeSection(judge, value, type.keys, spot);
  else if (type.kind === 'map' && value.kind === 'table') judgeMap(judge, value, type.of, spot);
  else if (type.kind === 'list' && value.kind === 'list') {
    for (const item of value.items) judgeValue(judge, item, type.of, { key: `${key}[]`, offset: item.start });
  } else if (type.kind === 'section' || type.kind === 'map' || type.kind === 'list') {
    judge.refuse(offset, key, wrongType(value, type));
  } else {
    const problem = problemOfValue(value, type, judge.version);
    if (problem !== undefined) judge.refuse(offset, key, problem);
    else if (key === 'agent.config.digest' && hasOldWriter(judge.version))
      judge.refuse(offset, key, { kind: 'digest-behind-options' });
  }
}

/** A value of one of several types is judged as the one whose kind it has. */
function judgeEither(judge: Judge, value: TomlValue, types: readonly TomlType[], spot: Spot): void {
  const fitting = types.find(({ kind }) => {
    if (kind === 'section' || kind === 'map') return value.kind === 'table';
    return kind === 'list' ? value.kind === 'list' : value.kind === 'text';
  });
  if (fitting === undefined) judge.refuse(spot.offset, spot.key, wrongType(value, { kind: 'either', of: types }));
  else judgeValue(judge, value, fitting, spot);
}

function judgeMap(judge: Judge, { entries }: TomlTable, of: TomlType, { key }: Spot): void {
  for (const [name, entry] of entries) {
    const path = joined(key, name);
    if (judge.given.has(path)) continue;
    if (isOfTop(name) && entry.value.kind !== 'table') {
      judge.passOver(entry.key, path, [], { kind: 'behind-header', header: key });
    } else if (key === 'aziot_keys' && entry.value.kind === 'text' && !isKeyParameter(name)) {
      judge.refuse(entry.key, path, { kind: 'parameter', known: keyParameters });
    } else {
      const isSlot = key === 'aziot_keys' && name === 'pkcs11_base_slot';
      judgeValue(judge, entry.value, isSlot ? { kind: 'slot' } : of, { key: path, offset: entry.key });
    }
  }
}

/** A key of the top that stands behind a header belongs to that section, and nothing says so on the device. */
function judgeUnknown(judge: Judge, { key: offset, value }: TomlEntry, key: string, known: readonly string[]): void {
  const name = key.split('.').at(-1) ?? '';
  const header = key.slice(0, -name.length - 1);
  if (header !== '' && isOfTop(name) && value.kind !== 'table')
    judge.passOver(offset, key, known, { kind: 'behind-header', header });
  else judge.passOver(offset, key, known);
}

function isOfTop(name: string): boolean {
  const { type } = (Object.hasOwn(knownKeys, name) ? knownKeys[name] : undefined) ?? {};
  return type !== undefined && !['section', 'map', 'anything'].includes(type.kind);
}

function looksAt(judge: Judge, value: TomlTable, offset: number) {
  return {
    isRefused: (entry: TomlEntry, { type }: Key, name: string) => refused(judge, entry.value, type, `edge_ca.${name}`),
    judgeAll: () => judgeSection(judge, value, edgeCa, { key: 'edge_ca', offset }),
  };
}

function refused(judge: Judge, value: TomlValue, type: TomlType, key: string): boolean {
  let found = false;
  const tell = () => {
    found = true;
  };
  judgeValue({ ...judge, refuse: tell, drop: () => {}, passOver: () => {} }, value, type, { key, offset: 0 });
  return found;
}

function knows({ minor }: RuntimeVersion, { since, last }: Key): boolean {
  const number = (version: string) => Number(version.slice('1.'.length));
  return (since === undefined || minor >= number(since)) && (last === undefined || minor <= number(last));
}

/** Up to 1.4.8 the runtime writes its settings with a writer of TOML 0.5, which refuses a value behind a table. */
function hasOldWriter({ minor, patch }: RuntimeVersion): boolean {
  return minor < 4 || (minor === 4 && patch !== undefined && patch < 9);
}

function isGiven({ given }: Judge, key: string): boolean {
  return [...given].some((path) => path === key || path.startsWith(`${key}.`));
}

function joined(key: string, name: string): string {
  return key === '' ? name : `${key}.${name}`;
}
