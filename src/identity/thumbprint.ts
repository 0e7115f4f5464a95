import type { Place } from '../model/finding.ts';
import { isThumbprint, type Thumbprint } from '../model/identity.ts';
import { finding } from '../rules/rules.ts';
import type { Dropped } from '../rules/thumbprint.ts';

/** A given thumbprint in the form that the hub takes, what was dropped for it, and the problem if it is not a thumbprint. */
export interface NormalisedThumbprint {
  readonly thumbprint?: Thumbprint;
  /** What was dropped, in the order of its first appearance. */
  readonly dropped: readonly Dropped[];
  readonly problem?:
    | { readonly rule: 'thumbprint/not-hex'; readonly character: string; readonly position: number }
    | { readonly rule: 'thumbprint/length'; readonly length: number };
}

/** Drops the separators that people and dialogs put between the digits. Keeps upper and lower case as given. */
export function normaliseThumbprint(given: string): NormalisedThumbprint {
  // The common case goes first: a fleet has two thumbprints for each device.
  if (isThumbprint(given)) return { dropped: [], thumbprint: given };
  const dropped = new Map<string, Dropped>();
  const drop = (what: Separator) => {
    const name = `${what.kind} ${what.text ?? ''}`;
    dropped.set(name, { ...what, count: (dropped.get(name)?.count ?? 0) + 1 });
  };
  // The whole line that openssl prints: `sha256 Fingerprint=AA:BB:…`.
  const [label = ''] = /^\s*(?:[\w-]+\s+)?fingerprint\s*=/i.exec(given) ?? [];
  if (label !== '') drop({ kind: 'label', text: label.trim() });
  let digits = '';
  for (const [index, character] of [...given].entries()) {
    if (index < label.length) continue;
    const separator = separatorIn(character);
    if (separator !== undefined) {
      drop(separator);
    } else if (/[0-9A-Fa-f]/.test(character)) {
      digits += character;
    } else {
      const problem = { rule: 'thumbprint/not-hex', character, position: index + 1 } as const;
      return { dropped: [...dropped.values()], problem };
    }
  }
  if (isThumbprint(digits)) return { dropped: [...dropped.values()], thumbprint: digits };
  return { dropped: [...dropped.values()], problem: { rule: 'thumbprint/length', length: digits.length } };
}

/** Judges one given thumbprint, at its place. */
export function judgeGiven({ dropped, problem }: NormalisedThumbprint, place: Place, device: string) {
  const subject = { place, device };
  if (problem?.rule === 'thumbprint/not-hex') return [finding('thumbprint/not-hex', problem, subject)];
  if (problem?.rule === 'thumbprint/length') return [finding('thumbprint/length', problem, subject)];
  return dropped.length === 0 ? [] : [finding('thumbprint/normalised', { dropped }, subject)];
}

type Separator = Omit<Dropped, 'count'>;

function separatorIn(character: string): Separator | undefined {
  if (character === ':') return { kind: 'colon' };
  if (character === '.') return { kind: 'dot' };
  if (/\p{Pd}/u.test(character)) return { kind: 'dash' };
  // The Windows certificate dialog puts U+200E before the first digit when a thumbprint is copied from it.
  if (/\p{Cf}|(?!\s)\p{Cc}/u.test(character)) return { kind: 'mark', text: codePoint(character) };
  return /[\s\p{Z}]/u.test(character) ? { kind: 'space' } : undefined;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
