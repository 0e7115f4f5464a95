import { readFileSync } from 'node:fs';
import { isPlainMap } from '../../../../src/bundle/judge/shape.ts';
import type { RuntimeVersion } from '../../../../src/model/fleet.ts';

/** What one version of the runtime did with one input. */
export interface Fact {
  readonly list: string;
  /** The input, with a name of its own. */
  readonly row: Row;
  readonly name: string;
  readonly version: RuntimeVersion;
  /** Who was asked: a version, or a part of one, such as `models of 1.2.0`. */
  readonly asked: string;
  readonly verdict: 'accepted' | 'refused' | 'passed over';
  readonly said: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** All facts of a list. A value that its file cannot express has none. */
export function factsOf(list: string, rows: readonly Row[]): readonly Fact[] {
  return rows.flatMap((row, index) => {
    const name = String(row.name ?? row.uri ?? JSON.stringify(row.value) ?? index);
    const results = isPlainMap(row.results) ? row.results : isPlainMap(row.apply) ? row.apply : {};
    return Object.entries(results).flatMap(([asked, said]) => {
      const verdict = verdictOf(String(said));
      if (verdict === undefined) return [];
      return [
        { list, row, name, asked, said: String(said), verdict, version: versionOf(asked.replace(/^.* of /, '')) },
      ];
    });
  });
}

function verdictOf(said: string): Fact['verdict'] | undefined {
  if (said.startsWith('not expressible')) return undefined;
  if (said === 'accepted') return 'accepted';
  return said.startsWith('passed over') ? 'passed over' : 'refused';
}

/** `1.0.10.4` is 1.0.10: a fourth number is that of the package. */
export function versionOf(written: string): RuntimeVersion {
  const text = written.split('.').slice(0, 3).join('.');
  const [major = 0, minor = 0, patch] = text.split('.').map(Number);
  return { text, major, minor, ...(patch === undefined ? {} : { patch }) };
}

export function isToml({ version }: Fact): boolean {
  return version.minor >= 2;
}

/** Lists that other checks are held against: of keys without values, and of the curves of private keys. */
const elsewhere = ['super-config keys', 'preloaded key files'];

/** Every list of the recorded facts that is judged here. */
export function recordedFacts(): readonly Fact[] {
  const recorded: unknown = JSON.parse(
    readFileSync(new URL('../../../../../shared/reference/iotedge/real-parsers.json', import.meta.url), 'utf8'),
  );
  if (!isPlainMap(recorded)) return [];
  return Object.entries(recorded).flatMap(([list, rows]) =>
    Array.isArray(rows) && !elsewhere.includes(list) ? factsOf(list, rows) : [],
  );
}
