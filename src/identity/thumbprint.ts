import type { Place } from '../model/finding.ts';
import { isThumbprint, type Thumbprint } from '../model/identity.ts';
import { finding } from '../rules/rules.ts';

/** A given thumbprint as the hub takes it, what was dropped to get there, and what keeps it from being one. */
export interface NormalisedThumbprint {
  readonly thumbprint?: Thumbprint;
  /** In words, `31 colons`; empty when nothing was dropped. */
  readonly dropped: string;
  readonly problem?:
    | { readonly rule: 'thumbprint/not-hex'; readonly character: string; readonly position: number }
    | { readonly rule: 'thumbprint/length'; readonly length: number };
}

/** Drops what people and dialogs put between the digits; keeps upper and lower case as given. */
export function normaliseThumbprint(given: string): NormalisedThumbprint {
  // As most are: a fleet has two for each device.
  if (isThumbprint(given)) return { dropped: '', thumbprint: given };
  const dropped = new Map<string, number>();
  // The whole line that openssl prints: `sha256 Fingerprint=AA:BB:…`.
  const [label = ''] = /^\s*(?:[\w-]+\s+)?fingerprint\s*=/i.exec(given) ?? [];
  if (label !== '') dropped.set(`"${label.trim()}"`, 1);
  let digits = '';
  for (const [index, character] of [...given].entries()) {
    if (index < label.length) continue;
    const name = separatorName(character);
    if (name !== undefined) {
      dropped.set(name, (dropped.get(name) ?? 0) + 1);
    } else if (/[0-9A-Fa-f]/.test(character)) {
      digits += character;
    } else {
      const problem = { rule: 'thumbprint/not-hex', character, position: index + 1 } as const;
      return { dropped: inWords(dropped), problem };
    }
  }
  if (isThumbprint(digits)) return { dropped: inWords(dropped), thumbprint: digits };
  return { dropped: inWords(dropped), problem: { rule: 'thumbprint/length', length: digits.length } };
}

/** The findings of one given thumbprint, at its place. */
export function judgeGiven({ dropped, problem }: NormalisedThumbprint, place: Place, device: string) {
  const subject = { place, device };
  if (problem?.rule === 'thumbprint/not-hex') return [finding('thumbprint/not-hex', problem, subject)];
  if (problem?.rule === 'thumbprint/length') return [finding('thumbprint/length', problem, subject)];
  return dropped === '' ? [] : [finding('thumbprint/normalised', { dropped }, subject)];
}

function separatorName(character: string): string | undefined {
  if (character === ':') return 'colon';
  if (character === '.') return 'dot';
  if (/\p{Pd}/u.test(character)) return 'dash';
  // The Windows certificate dialog puts U+200E before the first digit when a thumbprint is copied from it.
  if (/\p{Cf}|(?!\s)\p{Cc}/u.test(character)) return `invisible mark (${codePoint(character)})`;
  return /[\s\p{Z}]/u.test(character) ? 'space' : undefined;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function inWords(dropped: ReadonlyMap<string, number>): string {
  return [...dropped]
    .map(
      ([name, count]) =>
        `${count} ${count === 1 ? name : name.replace(/^(colon|dot|dash|space|invisible mark)/, plural)}`,
    )
    .join(', ');
}

function plural(name: string): string {
  return name === 'dash' ? 'dashes' : `${name}s`;
}
