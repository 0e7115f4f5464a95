import type { Judge } from './judging.ts';
import { edgeCa, type Key } from './known-keys.ts';
import type { TomlEntry, TomlTable } from './tree.ts';
import { isPrivateKey } from './value.ts';

/** The forms in the order in which the runtime tries them, and the keys that say each. */
const forms = [
  { form: 'issued', by: ['method'], with: ['expiry_days', 'url', 'auto_renew'] },
  { form: 'preloaded', by: ['cert', 'pk'], with: [] },
  { form: 'quickstart', by: ['auto_generated_edge_ca_expiry_days'], with: ['auto_renew'] },
] as const;

/** What else counts in a form. Values of a wrong type are left out in silence. */
const names = ['common_name', 'subject'];
const ofEst = Object.entries(edgeCa).flatMap(([name, { pair }]) => (pair === undefined ? [] : [name]));

interface Looks {
  /** Whether the runtime refuses the value of a key. */
  readonly isRefused: (entry: TomlEntry, key: Key, name: string) => boolean;
  /** Judges every value for itself. */
  readonly judgeAll: () => void;
}

/**
 * Judges `edge_ca`, whose forms the runtime tries in order: issued (method), preloaded (cert and pk), quickstart
 * (auto_generated_edge_ca_expiry_days). The first that fits counts, and the other keys are left out in silence.
 */
export function judgeEdgeCa(judge: Judge, { entries }: TomlTable, offset: number, looks: Looks): void {
  const { given, version } = judge;
  const isGiven = (name: string) => given.has(`edge_ca.${name}`);
  const fits = (name: string, needed: boolean): boolean => {
    const [entry, key] = [entries.get(name), edgeCa[name]];
    if (isGiven(name)) return true;
    if (entry === undefined || key === undefined) return !needed;
    const unknown = key.since === '1.3' && version.minor < 3;
    return unknown ? !needed : !looks.isRefused(entry, key, name);
  };
  const counting = forms.find(
    (one) => one.by.every((name) => fits(name, true)) && one.with.every((name) => fits(name, false)),
  );
  if (counting === undefined) {
    looks.judgeAll();
    judge.refuse(offset, 'edge_ca', { kind: 'edge-ca-form' });
    return;
  }
  const first = `edge_ca.${counting.by[0]}`;
  const asked = isGiven('cert')
    ? 'preloaded'
    : isGiven('auto_generated_edge_ca_expiry_days')
      ? 'quickstart'
      : undefined;
  if (asked !== undefined && asked !== counting.form) {
    const key = asked === 'preloaded' ? 'config.edgeCa.certificate' : 'config.edgeCa.lifetimeDays';
    judge.refuse(entries.get(counting.by[0])?.key ?? offset, first, { kind: 'edge-ca-of-manifest', key, first });
  }
  const method = entries.get('method')?.value;
  const isEst = counting.form === 'issued' && method?.kind === 'text' && method.value === 'est';
  const counts = new Set<string>([...counting.by, ...counting.with, ...(counting.form === 'preloaded' ? [] : names)]);
  if (!isEst) counts.delete('url');
  for (const name of isEst ? ofEst : []) counts.add(name);
  for (const [name, entry] of entries) {
    const key = Object.hasOwn(edgeCa, name) ? edgeCa[name] : undefined;
    if (key === undefined) judge.passOver(entry.key, `edge_ca.${name}`, Object.keys(edgeCa));
    else if (!counts.has(name) && !isGiven(name)) judge.drop(entry.key, `edge_ca.${name}`, 'other-form', first);
    else judgeCounting(judge, entry, { name, key, entries }, looks);
  }
}

function judgeCounting(
  judge: Judge,
  entry: TomlEntry,
  { name, key, entries }: { readonly name: string; readonly key: Key; readonly entries: TomlTable['entries'] },
  looks: Looks,
): void {
  const path = `edge_ca.${name}`;
  const { value } = entry;
  if (judge.given.has(path)) return;
  if (key.since === '1.3' && judge.version.minor < 3) {
    judge.passOver(entry.key, path, [], { kind: 'other-version', version: judge.version.text, since: key.since });
  } else if (key.pair !== undefined && !entries.has(key.pair)) judge.drop(entry.key, path, 'half-pair', key.pair);
  else if ((key.pair !== undefined || key.lenient === true) && looks.isRefused(entry, key, name))
    judge.drop(entry.key, path, 'type');
  else if (name === 'pk' && value.kind === 'text' && !isPrivateKey(String(value.value)))
    judge.refuse(entry.key, path, { kind: 'private-key' });
  else if (name === 'auto_generated_edge_ca_expiry_days' && value.kind === 'integer' && Number(value.value) === 0)
    judge.refuse(entry.key, path, { kind: 'range', min: 1, found: '0' });
}
