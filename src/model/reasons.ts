import type { Reason } from './plan.ts';

/** `primaryThumbprint AB12… → CD34… (same certificate, other digest), status disabled → enabled`. */
export function describeReasons(reasons: readonly Reason[]): string {
  return reasons.map(describeReason).join(', ');
}

function describeReason({ field, before, after, note }: Reason): string {
  return `${field} ${value(before)} → ${value(after)}${note === undefined ? '' : ` (${note})`}`;
}

function value(text: string | null): string {
  if (text === null || text === '') return '(none)';
  return /^[0-9A-Fa-f]{40,64}$/.test(text) ? `${text.slice(0, 8)}…` : text;
}
