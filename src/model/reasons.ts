import { ownerText } from './owner.ts';
import type { Claim, MustCarry, Reason, ReasonNote, Rotation } from './plan.ts';

/** `devices must already carry secondary AB12CD34…` */
export function mustCarryText({ slot, thumbprint }: MustCarry): string {
  return `devices must already carry ${slot} ${value(thumbprint)}`;
}

/** Describes a claim: `owner (none) → github.com/octo/fleet (id 7)`. */
export function describeClaim({ owner, before }: Claim): string {
  const was = before === undefined ? null : ownerText(before);
  return describeReason({ field: 'owner', before: was, after: ownerText(owner) });
}

/** The words for each kind of rotation. */
export const rotationNames: Readonly<Record<Rotation, string>> = {
  first: 'first certificates',
  staging: 'staging a new certificate',
  dropping: 'dropping an old certificate',
  replacing: 'replacing one certificate, the other stays',
  swap: 'swapping primary and secondary',
  'other-digest': 'same certificates, other digest',
  filling: 'the same certificate in the empty slot',
  lockout: 'replacing all certificates (lockout)',
};

/** The words for each note. */
export const reasonNotes: Readonly<Record<ReasonNote, string>> = {
  'other-digest': 'same certificate, other digest',
  'declared-again': 'it is in the manifest again',
  'tag-mark': 'which tags the manifest names',
};

/** Describes several fields: `primaryThumbprint AB12… → CD34… (same certificate, other digest), status disabled → enabled`. */
export function describeReasons(reasons: readonly Reason[]): string {
  return reasons.map(describeReason).join(', ');
}

/** Describes one field: `status disabled → enabled`. */
export function describeReason({ field, before, after, note }: NamedChange): string {
  return `${field} ${value(before)} → ${value(after)}${note === undefined ? '' : ` (${reasonNotes[note]})`}`;
}

/** A reason, or a field of a plan file. The plan file's field names are not checked, so `field` is any text. */
export interface NamedChange extends Pick<Reason, 'before' | 'after' | 'note'> {
  readonly field: string;
}

function value(text: string | null): string {
  if (text === null || text === '') return '(none)';
  return /^[0-9A-Fa-f]{40,64}$/.test(text) ? `${text.slice(0, 8)}…` : text;
}
