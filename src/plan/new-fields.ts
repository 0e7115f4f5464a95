import type { Change, Reason } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import { ownerValue } from './ownership.ts';
import { idIn, parentScopeOf } from './parents.ts';
import { tagChange, tagValue } from './tags.ts';

/** Returns the fields of a new device, each as a change from nothing. */
export function newFields({ identity, registration, parent }: Change & { readonly kind: 'create' }): readonly Reason[] {
  const { thumbprints, status, statusReason } = registration;
  const tags = tagChange(identity.device.tags, { etag: '', tags: {} })?.reasons ?? [];
  return [
    { field: 'primaryThumbprint', before: null, after: thumbprints.primary },
    { field: 'secondaryThumbprint', before: null, after: thumbprints.secondary },
    { field: 'status', before: null, after: status },
    ...(statusReason ? [{ field: 'statusReason', before: null, after: statusReason } as const] : []),
    ...(parent?.id ? [{ field: 'parent', before: null, after: parent.id } as const] : []),
    ...tags,
  ];
}

/** Returns the current value of a device's field, in the form of reasons. Returns undefined for a field that is unknown or was not read. */
export function fieldOf(field: string, device: RegisteredDevice): string | null | undefined {
  switch (field) {
    case 'authentication':
      return device.authentication;
    case 'edge':
      return String(device.edge);
    case 'primaryThumbprint':
      return device.thumbprints.primary ?? null;
    case 'secondaryThumbprint':
      return device.thumbprints.secondary ?? null;
    case 'status':
      return device.status;
    case 'statusReason':
      return device.statusReason ?? null;
    case 'parent':
      return idIn(parentScopeOf(device));
    case 'owner':
      return device.twin === undefined ? undefined : ownerValue(device.twin);
    default:
      return field.startsWith('tags.') && device.twin !== undefined
        ? tagValue(device.twin.tags, field.slice('tags.'.length))
        : undefined;
  }
}
