import type { Finding } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Change } from '../model/plan.ts';
import { finding } from '../rules/rules.ts';

/** `max-changes`: a number of devices, or a share (0 to 1) of the fleet's devices that are in the hub. */
export type ChangeLimit =
  | { readonly kind: 'number'; readonly number: number; readonly text: string }
  | { readonly kind: 'share'; readonly share: number; readonly text: string };

/** This number of changes always passes, since a share of a small fleet would round down to zero. */
const alwaysPass = 10;

/** Reads `30%`, `12.5%` or `200`. Returns undefined for any other text. */
export function readChangeLimit(text: string): ChangeLimit | undefined {
  const [, digits, percent] = /^(\d{1,9}(?:\.\d{1,3})?)(%?)$/.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const amount = Number(digits);
  if (percent === '%') return amount <= 100 ? { kind: 'share', share: amount / 100, text: `${digits}%` } : undefined;
  return Number.isInteger(amount) ? { kind: 'number', number: amount, text: digits } : undefined;
}

/** Gives a plan/too-many-changes finding if a hub has too many changes. New devices do not count, because they break nothing. */
export function limitChanges(hub: HubHost, changes: readonly Change[], limit: ChangeLimit): readonly Finding[] {
  const updated = changes.filter(({ kind }) => kind === 'update' || kind === 'disable' || kind === 'delete');
  const updates = updated.length;
  const known = changes.filter(({ kind }) => kind !== 'create').length;
  const allowed = limit.kind === 'number' ? limit.number : shareOf(known, limit.share);
  if (updates <= Math.max(alwaysPass, allowed)) return [];
  const [first] = updated;
  const place = first !== undefined && 'identity' in first ? first.identity.device.place('id') : undefined;
  return [finding('plan/too-many-changes', { changes: updates, known, limit: limit.text }, { place, hub })];
}

/** Computes in whole hundred-thousandths, the precision of `readChangeLimit`. With fractions, 29% of 100 would be 28. */
function shareOf(devices: number, share: number): number {
  return Math.floor((Math.round(share * 100_000) * devices) / 100_000);
}
