import { type Owner, ownerIn, ownerText, sameOwner } from '../model/owner.ts';
import type { RegisteredDevice } from '../model/registration.ts';

/** Words for owners that have no name. */
export const ownerLabels = { ours: 'this repository', none: 'none', unreadable: 'another (unreadable)' } as const;

/** Names the owner of a device for people. Undefined if its mark was not read. */
export function ownerLabel({ twin }: RegisteredDevice, ours: Owner | undefined): string | undefined {
  if (twin === undefined) return undefined;
  const mark = ownerIn(twin.tags);
  if (mark === undefined) return ownerLabels.none;
  if (sameOwner(mark, ours)) return ownerLabels.ours;
  return mark === 'unreadable' ? ownerLabels.unreadable : ownerText(mark);
}
