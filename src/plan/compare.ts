import { type Identity, sameThumbprint } from '../model/identity.ts';
import type { FieldName, Reason, WantedParent } from '../model/plan.ts';
import type { RegisteredDevice, Registration } from '../model/registration.ts';
import { parentDifference, parentScopeOf } from './parents.ts';
import { rotationOf, sameCertificate } from './rotation.ts';
import { isRemoved, wantedStatus } from './status.ts';
import { initialTags } from './tags.ts';

/** What a new device is registered with. A device whose status the manifest leaves out starts enabled. */
export function newRegistration({ device, thumbprints }: Identity, parent?: WantedParent): Registration {
  const tags = initialTags(device.tags);
  return {
    id: device.id,
    thumbprints,
    status: device.status ?? 'enabled',
    ...(device.statusReason === undefined ? {} : { statusReason: device.statusReason }),
    ...parentScopes(parent),
    ...(tags === undefined ? {} : { tags }),
  };
}

/** What an existing device is to become: what the manifest names, and for the rest what the hub has. */
export function nextRegistration(identity: Identity, found: RegisteredDevice, parent?: WantedParent): Registration {
  return {
    id: identity.device.id,
    thumbprints: identity.thumbprints,
    ...wantedStatus(identity.device, found),
    ...scopes(found, parent),
  };
}

/**
 * The scopes an update sends back. A leaf device keeps its parent in `deviceScope`, an edge device in `parentScopes`,
 * where `deviceScope` is its own and made by the hub: so a leaf that becomes an edge device moves it over.
 */
function scopes(found: RegisteredDevice, parent?: WantedParent): Pick<Registration, 'deviceScope' | 'parentScopes'> {
  const current = parentScopeOf(found);
  const kept = found.edge ? found.parentScopes : current === undefined ? undefined : [current];
  return {
    ...(found.edge && found.deviceScope !== undefined ? { deviceScope: found.deviceScope } : {}),
    ...(parent !== undefined ? parentScopes(parent) : kept === undefined ? {} : { parentScopes: kept }),
  };
}

/** To be left out is how a device comes to have no parent. */
function parentScopes(parent: WantedParent | undefined): Pick<Registration, 'parentScopes'> {
  return parent?.scope === undefined ? {} : { parentScopes: [parent.scope] };
}

/** Every field in which the hub's device is not yet what is wanted; none: nothing to write. */
export function differences(identity: Identity, found: RegisteredDevice, parent?: WantedParent): readonly Reason[] {
  const { device, thumbprints } = identity;
  const reasons: Reason[] = [];
  const differ = (field: FieldName, before: string | null, after: string | null, note?: string) =>
    reasons.push({ field, before, after, ...(note === undefined ? {} : { note }) });
  if (found.authentication !== 'selfSigned') differ('authentication', found.authentication, 'selfSigned');
  if (!found.edge) differ('edge', 'false', 'true');
  for (const slot of ['primary', 'secondary'] as const) {
    const before = found.thumbprints[slot];
    if (sameThumbprint(before, thumbprints[slot])) continue;
    const same = before !== undefined && sameCertificate(identity, before, thumbprints[slot]);
    differ(`${slot}Thumbprint`, before ?? null, thumbprints[slot], same ? 'same certificate, other digest' : undefined);
  }
  const { status, statusReason = null } = wantedStatus(device, found);
  const back = isRemoved(found) ? 'it is in the manifest again' : undefined;
  if (status !== found.status) differ('status', found.status, status, back);
  if ((statusReason ?? '') !== (found.statusReason ?? '')) {
    differ('statusReason', found.statusReason ?? null, statusReason);
  }
  const attached = parent && parentDifference(found, parent);
  if (attached !== undefined) reasons.push(attached);
  return reasons;
}

/**
 * Whether someone else has moved, since it was planned, a field that an update would write; each with what it was and is.
 * @param parent the one that the manifest names, if it does: else an update sends back what is there
 */
export function movedSince(planned: RegisteredDevice, now: RegisteredDevice, parent?: WantedParent): readonly Reason[] {
  const fields: readonly (readonly [FieldName, (device: RegisteredDevice) => string | null])[] = [
    ['authentication', (d) => d.authentication],
    ['edge', (d) => String(d.edge)],
    ['primaryThumbprint', (d) => d.thumbprints.primary?.toUpperCase() ?? null],
    ['secondaryThumbprint', (d) => d.thumbprints.secondary?.toUpperCase() ?? null],
    ['status', (d) => d.status],
    ['statusReason', (d) => d.statusReason ?? null],
    ...(parent === undefined ? [] : [['parent', (d: RegisteredDevice) => parentScopeOf(d) ?? null] as const]),
  ];
  return fields.flatMap(([field, value]) => {
    const [before, after] = [value(planned), value(now)];
    return before === after ? [] : [{ field, before, after }];
  });
}

/**
 * Why writing these thumbprints would cut the device off, or undefined where it would not: of the certificates the hub
 * accepts now, none is accepted afterwards. Nobody can tell which one the device carries, so one that stays is enough.
 */
export function lockout(identity: Identity, found: RegisteredDevice): string | undefined {
  switch (found.authentication) {
    case 'sas':
      return 'it signs in with a symmetric key now, which X.509 thumbprints replace';
    case 'certificateAuthority':
      return 'it signs in with a certificate of a registered authority now, which thumbprints replace';
    case 'none':
      return undefined;
    case 'selfSigned':
      return rotationOf(identity, found) === 'lockout'
        ? 'none of the certificates that the hub accepts now is among the new ones'
        : undefined;
  }
}

/** `a device that is not an edge device, with symmetric keys`, or undefined for one of ours. */
export function foreignness(found: RegisteredDevice): string | undefined {
  const authentication = found.authentication === 'selfSigned' ? undefined : authenticationNames[found.authentication];
  if (found.edge && authentication === undefined) return undefined;
  const kind = found.edge ? 'an edge device' : 'a device that is not an edge device';
  return authentication === undefined ? kind : `${kind}, with ${authentication}`;
}

const authenticationNames = {
  sas: 'symmetric keys',
  certificateAuthority: 'certificates of a registered authority',
  none: 'no authentication',
} as const;
